import type { Command } from 'commander'
import { RecoveryError } from '../../../recovery/domain/errors.ts'
import {
  checkKit,
  codeIn,
  mistakeIn,
  readKit,
  rememberKitCheck,
  type Project,
  type ReadKit,
} from '../../../recovery/operations/index.ts'
import { accessOf, configuredVaults, findProject, type Context } from '../../context.ts'
import { readKitWords } from '../../kit-words.ts'
import type { Follow } from '../../program.ts'
import { password as ask } from '../../questions.ts'
import type { Terminal } from '../../terminal.ts'
import { checkFailure, checkJson, checkText } from './check-text.ts'

export function addKitCheck(kit: Command, follow: Follow): void {
  kit
    .command('check [KIT]')
    .description('whether a kit still opens its vaults, and finds a point there: a file, - for stdin, or typed')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault kit check kit.pdf\n  aidatavault kit check          (asks for the code on the sheet)\n',
    )
    .action((file: string | undefined) => follow(context => runCheck(file, context)))
}

async function runCheck(file: string | undefined, context: Context): Promise<void> {
  const { terminal, run } = context
  const project = await findProject(context).catch((error: unknown) => elsewhere(error, context))
  const locations = configuredVaults(context, project)
  const kit = await theKit(file, locations, context)
  const expected = project && { projectId: project.facts.id, vaults: locations }
  const check = await checkKit(kit, expected, accessOf(context), run)
  terminal.result(checkText(check, terminal), checkJson(check))
  if (!check.ok) throw checkFailure(check)
  if (project) await rememberKitCheck(project, check, run.clock.now())
}

/** A kit can be checked anywhere; only what the project says today is then not compared. */
function elsewhere(error: unknown, { run, terminal }: Context): Project | undefined {
  run.signal.throwIfAborted()
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'bad-input') throw error
  terminal.say('no project here: whether the kit names all of its vaults is not looked at')
  return undefined
}

/** A file or stdin has a whole kit, or the code alone, which is then tried on every vault of the project; so is one that is typed. */
async function theKit(file: string | undefined, locations: readonly string[], context: Context): Promise<ReadKit> {
  const { terminal } = context
  if (file === undefined && terminal.interactive) return ofCode(await askCode(terminal), locations)
  const text = await readKitWords(file ?? '-')
  const alone = codeIn(text.trim())
  if (alone !== undefined) return ofCode(alone, locations)
  const kit = readKit(text)
  if (kit.vaults.length > 0) return kit
  throw new RecoveryError('bad-input', 'this is no recovery kit: it does not say where a vault is', {
    hint: mistakeIn(text) ?? 'give a file that kit or init wrote, or its text, or the recovery code alone',
  })
}

function askCode(terminal: Terminal): Promise<string> {
  terminal.clear()
  const validate = (typed: string) => codeIn(typed) !== undefined || mistakeIn(typed) || 'This is no recovery code.'
  return ask({ message: 'Recovery code on the kit, or its words:', validate }, terminal.question)
}

function ofCode(typed: string, locations: readonly string[]): ReadKit {
  if (locations.length === 0)
    throw new RecoveryError('bad-input', 'nothing says which vault the code is to open', {
      hint: 'name it with --vault',
    })
  return { vaults: locations.map(location => ({ location, recoveryCode: codeIn(typed) })), project: undefined }
}
