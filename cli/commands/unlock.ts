import type { Command } from 'commander'
import type { Lock } from '../../recovery/operations/index.ts'
import { configuredVault, projectIfAny, vaultLocation, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { plural, timeText } from '../words.ts'

interface UnlockOptions {
  readonly all?: boolean
  readonly plan?: boolean
}

export function unlockCommand(program: Command, follow: Follow): void {
  program
    .command('unlock [VAULT]')
    .description('remove locks that dead runs left in the vault')
    .option('--all', 'also those of runs that may be alive; only when you know that nothing uses the vault')
    .option('--plan', 'show the locks, then stop')
    .addHelpText('after', '\nExamples:\n  aidatavault unlock\n  aidatavault unlock /mnt/backup/vault --all\n')
    .action((vault: string | undefined, options: UnlockOptions) =>
      follow(context => runUnlock(vault, options, context)),
    )
}

async function runUnlock(named: string | undefined, options: UnlockOptions, context: Context): Promise<void> {
  const location = named ? vaultLocation(named) : configuredVault(context, await projectIfAny(context))
  await withVault(context, location, async vault => {
    if (options.plan)
      return context.terminal.result(locksText(await vault.listLocks()), (await vault.listLocks()).map(lockJson))
    const removed = await vault.unlock({ all: options.all ?? false })
    const left = await vault.listLocks()
    const still = left.length === 0 ? '' : `\nstill there:\n${locksText(left)}`
    context.terminal.result(`${plural(removed.length, 'lock')} removed${still}`, {
      removed: removed.map(lockJson),
      left: left.map(lockJson),
    })
  })
}

const locksText = (locks: readonly Lock[]): string =>
  locks.length === 0
    ? 'no locks'
    : locks
        .map(
          ({ id, exclusive, username, hostname, pid, time, stale }) =>
            `${id.slice(0, 8)}  ${exclusive ? 'exclusive' : 'shared'}  ${username}@${hostname} pid ${pid} since ${timeText(time)}${stale ? ', stale' : ''}`,
        )
        .join('\n')

const lockJson = ({ time, ...lock }: Lock) => ({ ...lock, time: time.toISOString() })
