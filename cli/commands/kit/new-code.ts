import { RecoveryError } from '../../../recovery/domain/errors.ts'
import {
  addCodeEverywhere,
  forgetKitCheck,
  joinVault,
  newRecoveryCode,
  removeOtherCodes,
  type Project,
} from '../../../recovery/operations/index.ts'
import { accessOf, type Context } from '../../context.ts'
import { withVaults } from '../../other-vault.ts'
import { confirm } from '../../questions.ts'
import { plural } from '../../words.ts'
import type { KitOptions } from './kit.ts'

/** A new code in every vault, handed over by `print`; then, where that is said, the old ones go. */
export async function withNewCode(
  locations: readonly string[],
  project: Project,
  options: KitOptions,
  context: Context,
  print: (code: string) => Promise<void>,
): Promise<void> {
  const { terminal, run } = context
  const old = options.removeOld
    ? 'Every recovery code that opened them before opens nothing any more.'
    : 'What opened them before still does.'
  const plan = `A new recovery code is made for\n${locations.map(place => `  ${place}`).join('\n')}\n${old}`
  if (options.plan)
    return terminal.result(plan, { vaults: locations, code: 'new', removesOld: options.removeOld ?? false })
  if (terminal.options.json && (options.out ?? []).length === 0)
    throw new RecoveryError('bad-input', 'a new code is in no document for programs, and would be lost', {
      hint: 'write the kit into a file with --out',
    })
  await agree(plan, options, context)
  const code = newRecoveryCode()
  await withVaults(context, locations, async opened => {
    for (const place of opened) if ('error' in place) throw place.error
    const vaults = opened.flatMap(place => ('vault' in place ? [place.vault] : []))
    await addCodeEverywhere(vaults, code, () => print(code), run)
  })
  if (!options.removeOld) return
  // Before the first goes: wherever this breaks off, nobody takes a kit for good whose code is gone.
  await forgetKitCheck(project)
  // Opened with the new one: so it does open them, and what opened them until now can go, be it one of the old codes.
  for (const location of locations) {
    const vault = await joinVault(location, code, accessOf(context))
    const gone = await removeOtherCodes(vault, run).finally(() => vault.close())
    terminal.say(`${location}: ${plural(gone.length, 'former recovery code')} removed`)
  }
}

async function agree(plan: string, { yes, removeOld }: KitOptions, { terminal }: Context): Promise<void> {
  if (yes) return terminal.say(plan)
  if (!terminal.interactive)
    throw new RecoveryError('bad-input', 'a new recovery code would be made; nothing was changed', {
      hint: 'look at it with --plan, then say --yes',
    })
  terminal.say(plan)
  terminal.clear()
  if (!(await confirm({ message: 'Make it?', default: !removeOld }, terminal.question)))
    throw new RecoveryError('interrupted', 'not confirmed; nothing was changed')
}
