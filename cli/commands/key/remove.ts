import { confirm } from '../../questions.ts'
import type { Command } from 'commander'
import { RecoveryError } from '../../../recovery/domain/errors.ts'
import { findKey, forgetKitCheck, removeKey, shortId, type ShownKey } from '../../../recovery/operations/index.ts'
import { projectIfAny, type Context } from '../../context.ts'
import type { Follow } from '../../program.ts'
import { inVault } from './key.ts'

export function addRemove(key: Command, follow: Follow): void {
  key
    .command('remove <KEY>')
    .description('take a key away: its password no longer opens the vault')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      '\nWhoever has opened the vault with that password may have kept what is inside: a key that leaked once is no secret any more.\n',
    )
    .action((which: string, options: { yes?: boolean }) => follow(context => runRemove(which, options, context)))
}

async function runRemove(which: string, { yes }: { yes?: boolean }, context: Context): Promise<void> {
  await inVault(context, async vault => {
    const key = await findKey(vault, which)
    if (!yes && !key.inUse) await agree(key, context)
    // Before it goes: wherever this breaks off, nobody takes a kit for good whose code is gone. One in use is refused.
    const project = key.isRecoveryCode && !key.inUse ? await projectIfAny(context) : undefined
    if (project) await forgetKitCheck(project)
    await removeKey(vault, key, context.run)
    context.terminal.result(`key ${shortId(key.id)} (${key.username}) is removed`, {
      removed: key.id,
      name: key.username,
    })
  })
}

async function agree({ id, username }: ShownKey, { terminal }: Context): Promise<void> {
  const what = `key ${shortId(id)} (${username})`
  if (!terminal.interactive)
    throw new RecoveryError('bad-input', `the password of ${what} would open the vault no more; nothing was changed`, {
      hint: 'say --yes if that is meant',
    })
  terminal.clear()
  if (!(await confirm({ message: `Remove ${what}?`, default: false }, terminal.question)))
    throw new RecoveryError('interrupted', 'not confirmed; nothing was changed')
}
