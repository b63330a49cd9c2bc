import type { Command } from 'commander'
import { messageOf } from '../../recovery/domain/errors.ts'
import { readHookCall, shortId, type HookFormat } from '../../recovery/operations/index.ts'
import type { Context } from '../context.ts'
import { dangersOfCall, hookText } from '../guard-start.ts'
import type { Follow } from '../program.ts'
import { byProject, guardOne } from './guard.ts'

// What assistants take for "do not run it"; any other failure of a hook some of them let pass.
const stops = 2

export function addGuardHook(parent: Command, follow: Follow): void {
  parent
    .command('hook')
    .description('for the settings of a coding assistant: reads the call of a tool, takes the safety point, answers')
    .addHelpText('after', '\nSee docs/guide/guard.md for how an assistant is told to call it.\n')
    .action(() => follow(runHook))
}

async function runHook(context: Context): Promise<void> {
  let format: HookFormat | undefined
  try {
    const call = readHookCall(hookText())
    format = call.format
    answer(format.goOn(await pointsBefore(await dangersOfCall(call), context)))
  } catch (error) {
    const why = `the safety point before this command failed, so do not run it: ${messageOf(error)}`
    if (format) answer(format.stop(why))
    process.stderr.write(`${why}\n`)
    process.exitCode = stops
  }
}

const answer = (value: object | undefined): void => {
  if (value) process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** What to say of the points that were taken. Nobody is asked anything: what is not protected is none of this hook's. */
async function pointsBefore(
  dangers: Awaited<ReturnType<typeof dangersOfCall>>,
  context: Context,
): Promise<string | undefined> {
  const said: string[] = []
  const quiet = { ...context, options: { ...context.options, quiet: true } }
  for (const together of byProject(dangers)) {
    const taken = await guardOne(together, { ifProtected: true }, quiet)
    if (taken) said.push(shortId(taken.point.snapshot.id))
  }
  return said.length === 0 ? undefined : `safety point ${said.join(', ')} taken; go back with: aidatavault undo`
}
