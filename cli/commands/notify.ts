import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import { testChannels, toldProject, type Delivery } from '../../recovery/operations/index.ts'
import type { Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { assertPlace } from '../recorded.ts'
import type { Terminal } from '../terminal.ts'
import { plural, table } from '../words.ts'

export function notifyCommand(program: Command, follow: Follow): void {
  const parent = program
    .command('notify')
    .description('who is told of failures, recoveries, missed runs and stale proof')
  parent
    .command('test [CHANNEL]')
    .description('send a test through each channel and to each monitor of aidatavault.yml, or to the one that is named')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault notify test\n  aidatavault notify test slack\n  aidatavault notify test "ping backup"\n',
    )
    .action((channel: string | undefined) => follow(context => runTest(channel, context)))
}

async function runTest(channel: string | undefined, context: Context): Promise<void> {
  const { terminal, run } = context
  const project = await toldProject(await assertPlace(context))
  const deliveries = await testChannels(project, channel, run)
  run.signal.throwIfAborted()
  terminal.result(
    testText(deliveries, terminal),
    deliveries.map(({ to, error }) => ({ to, ok: error === undefined, message: error?.message ?? null })),
  )
  const failed = deliveries.filter(({ error }) => error)
  if (failed.length > 0)
    throw new RecoveryError(
      'notification-failed',
      `${plural(failed.length, 'test')} of ${deliveries.length} did not arrive`,
      {
        hint: failed[0]?.error?.hint ?? 'mend what is said above, then run this again',
      },
    )
}

const testText = (deliveries: readonly Delivery[], terminal: Terminal): string =>
  table(
    deliveries.map(({ to, error }) => [
      error ? terminal.style('red', '!!') : terminal.style('green', 'ok'),
      to,
      error ? error.message : 'told',
    ]),
  )
