import path from 'node:path'
import type { Command } from 'commander'
import { bringJournalsBack, planUndo, undo, type Settled } from '../../recovery/operations/index.ts'
import type { Context } from '../context.ts'
import { findProjectOrLost } from '../lost-project.ts'
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

async function runUndo(options: UndoOptions, context: Context): Promise<void> {
  await bringJournalsBack(path.resolve(context.options.projectDirectory ?? '.'))
  const found = await findProjectOrLost(context)
  const how = { reads: options.plan ?? false, ...(found ? { found } : {}) }
  await inRestoration(context, how, async (restoration, settled) => {
    // What was asked for has come about by settling; one more undo would go further back than that.
    const takenBack = settled.find(({ isUndo, outcome }) => (outcome === 'done') === isUndo)
    if (takenBack) return context.terminal.result(settledText(takenBack), { settled })
    await carryOut(await planUndo(restoration), options, context, plan => undo(plan, restoration))
  })
}

const settledText = ({ what, isUndo }: Settled): string =>
  isUndo
    ? `the undo that was interrupted had succeeded (${what}); run undo again to go further back`
    : `the interrupted restore of ${what} is taken back`
