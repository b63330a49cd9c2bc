import type { Config } from '../../../contract/config.ts'
import type { Restoration } from './restoration.ts'

const dayMs = 24 * 60 * 60_000
const usualDays = 7

/** For how long restores keep what they put aside, in milliseconds. */
export const keepOldMs = ({ keepOldDays = usualDays }: Pick<Config, 'keepOldDays'>): number => keepOldDays * dayMs

/** Until when what a restore puts aside now is kept. */
export const keepUntil = ({ project, run }: Pick<Restoration, 'project' | 'run'>): string =>
  new Date(run.clock.now().getTime() + keepOldMs(project.config)).toISOString()
