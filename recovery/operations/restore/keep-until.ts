import type { Restoration } from './restoration.ts'

const dayMs = 24 * 60 * 60_000
const usualDays = 7

/** Until when what a restore puts aside now is kept. */
export const keepUntil = ({ project, run }: Pick<Restoration, 'project' | 'run'>): string =>
  new Date(run.clock.now().getTime() + (project.config.keepOldDays ?? usualDays) * dayMs).toISOString()
