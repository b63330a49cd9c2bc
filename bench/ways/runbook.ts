import fs from 'node:fs/promises'
import type { Sandbox } from '../../test/stack/sandbox.ts'
import { mountpoint } from '../../test/stack/volume-state.ts'
import { inServer } from './project.ts'

// The runbook's own commands, as a person would type them, with nothing checked that it does not check.

export interface Taken {
  readonly seconds: number
  /** The application could not use the database. */
  readonly downSeconds: number
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

const shell = (sandbox: Sandbox, line: string) => sandbox.must(['bash', '-o', 'pipefail', '-ec', line])

/** `docker compose exec -T db pg_dump … > backup.sql` */
export async function dumpByHand(sandbox: Sandbox): Promise<Taken> {
  const file = sandbox.at('backup.sql')
  return {
    seconds: await timed(() =>
      shell(sandbox, `docker compose exec -T db pg_dump -U postgres app > ${file}; sync -f ${file}`),
    ),
    downSeconds: 0,
  }
}

/** The application stopped, the database dropped and made again, the dump read by psql, the application started. */
export async function restoreDumpByHand(sandbox: Sandbox): Promise<Taken> {
  const seconds = await timed(async () => {
    await sandbox.compose('stop', 'app')
    await inServer(sandbox, 'dropdb --force -U postgres app && createdb -U postgres app')
    await shell(sandbox, `docker compose exec -T db psql -q -U postgres app < ${sandbox.at('backup.sql')} >/dev/null`)
    await sandbox.compose('start', 'app')
  })
  await fs.rm(sandbox.at('backup.sql'))
  return { seconds, downSeconds: seconds }
}

/** Everything stopped, `cp -a` of the volume's folder, everything started. */
export async function copyByHand(sandbox: Sandbox): Promise<Taken> {
  const folder = await mountpoint(`${sandbox.name}_data`)
  const seconds = await timed(async () => {
    await sandbox.compose('stop')
    await shell(sandbox, `cp -a ${folder} ${sandbox.at('copy')}; sync -f ${sandbox.at('copy')}`)
    await sandbox.compose('up', '--detach', '--wait')
  })
  return { seconds, downSeconds: seconds }
}

/** Everything stopped, the volume emptied, the copy put there, everything started. */
export async function restoreCopyByHand(sandbox: Sandbox): Promise<Taken> {
  const folder = await mountpoint(`${sandbox.name}_data`)
  const seconds = await timed(async () => {
    await sandbox.compose('stop')
    await shell(sandbox, `rm -rf ${folder}; cp -a ${sandbox.at('copy')} ${folder}`)
    await sandbox.compose('up', '--detach', '--wait')
  })
  await fs.rm(sandbox.at('copy'), { recursive: true })
  return { seconds, downSeconds: seconds }
}
