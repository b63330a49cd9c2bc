import { RecoveryError } from '../../../recovery/domain/errors.ts'
import { codeIn, joinVault, mistakeIn, readKit, type KitVaults } from '../../../recovery/operations/index.ts'
import { accessOf, type Context } from '../../context.ts'
import { readKitWords } from '../../kit-words.ts'
import { password as ask } from '../../questions.ts'

/**
 * The code of each vault: those from earlier kits, else asked for. Only what opens its vault goes on a kit. Vaults of one code stand
 * together. Rejects with wrong-password, and with bad-input where nobody can be asked.
 */
export async function findCodes(
  locations: readonly string[],
  files: readonly string[],
  context: Context,
): Promise<KitVaults[]> {
  const codes = await codesIn(files)
  const asks = files.length === 0
  if (asks && !context.terminal.interactive) throw noCode()
  const groups = new Map<string, string[]>()
  for (const location of locations) {
    const known = await opening(location, [...codes], context)
    const code = known ?? (asks ? await askFor(location, context) : undefined)
    if (code === undefined)
      throw new RecoveryError('wrong-password', `no code that was given opens the vault ${location}`, {
        hint: 'give its own kit with a further --code-from; or make one code for all: aidatavault kit --new-code',
      })
    codes.add(code)
    groups.set(code, [...(groups.get(code) ?? []), location])
  }
  return [...groups].map(([code, places]) => ({ locations: places, code }))
}

const noCode = () =>
  new RecoveryError('bad-input', 'the recovery code is kept nowhere, and nobody is here to ask for it', {
    hint: 'give it with --code-from KIT (or - for stdin), make a new one with --new-code, or leave its field empty with --blank',
  })

/** A file is a kit, or holds a code or its words and nothing else. */
async function codesIn(files: readonly string[]): Promise<Set<string>> {
  const codes = new Set<string>()
  for (const file of files) {
    const text = await readKitWords(file)
    const found = readKit(text).vaults.flatMap(({ recoveryCode }) => recoveryCode ?? [])
    const alone = codeIn(text.trim())
    if (alone !== undefined) found.push(alone)
    if (found.length === 0)
      throw new RecoveryError(
        'bad-input',
        `there is no recovery code in ${file === '-' ? 'what came on stdin' : file}`,
        {
          hint: mistakeIn(text) ?? 'give a kit with the code on it, or the code itself, or its words',
        },
      )
    for (const code of found) codes.add(code)
  }
  return codes
}

async function opening(location: string, codes: readonly string[], context: Context): Promise<string | undefined> {
  for (const code of codes) if (await opens(location, code, context)) return code
  return undefined
}

async function opens(location: string, code: string, context: Context): Promise<boolean> {
  try {
    await (await joinVault(location, code, accessOf(context))).close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'wrong-password') return false
    throw error
  }
}

/** Until one opens the vault. */
async function askFor(location: string, context: Context): Promise<string> {
  const { terminal } = context
  terminal.clear()
  const validate = (typed: string) => codeIn(typed) !== undefined || mistakeIn(typed) || 'This is no recovery code.'
  const message = `Recovery code of the vault ${location}, or its words:`
  const code = codeIn(await ask({ message, validate }, terminal.question)) ?? ''
  if (await opens(location, code, context)) return code
  terminal.warn(`this code does not open the vault ${location}`)
  return askFor(location, context)
}
