import type { Command } from 'commander'
import { planUndo, undo } from '../../recovery/operations/index.ts'
import type { Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { carryOut, inRestoration, withPlanOptions, type RestoreOptions } from './restore/frame.ts'

type UndoOptions = Pick<RestoreOptions, 'plan' | 'yes'>

export function undoCommand(program: Command, follow: Follow): void {
  withPlanOptions(
    program.command('undo').description('take the last restore back; run again, it takes back the one before it'),
  )
    .addHelpText('after', '\nExamples:\n  aidatavault undo --plan\n  aidatavault undo --yes\n')
    .action((options: UndoOptions) => follow(context => runUndo(options, context)))
}

const runUndo = (options: UndoOptions, context: Context): Promise<void> =>
  inRestoration(context, { reads: options.plan ?? false }, async (restoration, settled) => {
    const takenBack = settled.find(({ outcome }) => outcome === 'rolled-back')
    if (takenBack)
      return context.terminal.result(`the interrupted restore of ${takenBack.what} is taken back`, { settled })
    await carryOut(await planUndo(restoration), options, context, plan => undo(plan, restoration))
  })
