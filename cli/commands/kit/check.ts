import type { Command } from 'commander'
import { RecoveryError } from '../../../recovery/domain/errors.ts'
import {
  checkKit,
  codeIn,
  mistakeIn,
  readKit,
  rememberKitCheck,
  shortId,
  type KitCheck,
  type KitVaultCheck,
  type Project,
  type ReadKit,
} from '../../../recovery/operations/index.ts'
import { accessOf, configuredVaults, findProject, type Context } from '../../context.ts'
import { readKitWords } from '../../kit-words.ts'
import type { Follow } from '../../program.ts'
import { password as ask } from '../../questions.ts'
import type { Terminal } from '../../terminal.ts'
import { agoText } from '../../words.ts'

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
  if (!check.ok) throw failure(check)
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

function checkText({ vaults, missing, former, otherProject }: KitCheck, terminal: Terminal): string {
  const good = terminal.style('green', 'ok')
  const bad = terminal.style('red', '!!')
  return [
    ...vaults.map(vault => `${vault.verdict === 'good' ? good : bad}  ${vault.vault}: ${verdictText(vault)}`),
    ...missing.map(location => `${bad}  ${location}: a vault of the project that is not on the kit`),
    ...former.map(location => `${bad}  ${location}: on the kit, but no vault of the project any more`),
    ...(otherProject === undefined ? [] : [`${bad}  the kit is of another project, ${otherProject}`]),
  ].join('\n')
}

function verdictText({ verdict, key, point, why }: KitVaultCheck): string {
  const opened = key ? `the code opens it (key ${shortId(key.id)}, ${key.username})` : 'the code opens it'
  if (verdict === 'no code') return 'there is no recovery code for it on the kit'
  if (verdict === 'unreachable') return `cannot be reached: ${why}`
  if (verdict === 'refused')
    return 'the code does not open it: it was renewed or removed after the kit was printed, or the vault is another one'
  if (!point) return `${opened}, but there is no complete point of the project in it`
  return `${opened}\n      the newest complete point is ${shortId(point.snapshot.id)}, ${agoText(point.snapshot.time, new Date())}`
}

const checkJson = ({ vaults, missing, former, otherProject, ok }: KitCheck) => ({
  ok,
  vaults: vaults.map(({ vault, verdict, key, point, why }) => ({
    vault,
    verdict,
    key: key ? { key: key.id, name: key.username, isRecoveryCode: key.isRecoveryCode } : null,
    point: point
      ? {
          point: point.snapshot.id,
          time: point.snapshot.time.toISOString(),
          ageMs: Date.now() - point.snapshot.time.getTime(),
        }
      : null,
    why: why ?? null,
  })),
  missing,
  former,
  otherProject: otherProject ?? null,
})

function failure({ vaults, missing, former, otherProject }: KitCheck): RecoveryError {
  const has = (wanted: KitVaultCheck['verdict']) => vaults.find(({ verdict }) => verdict === wanted)
  const anew = 'print a new kit, check that, and destroy this one: aidatavault kit'
  const fail = (sentence: string, hint: string) => new RecoveryError('kit-failed', sentence, { hint })
  const refused = has('refused')
  if (refused)
    return fail(
      `the recovery code on this kit does not open ${refused.vault}: it is out of date`,
      `${anew} (with --new-code where no newer one is at hand)`,
    )
  const closed = has('no code')
  if (closed)
    return fail(
      `the kit has no recovery code for ${closed.vault}`,
      'write it in, or print one with the code on it: aidatavault kit',
    )
  // One that is no vault of the project any more need not be there.
  const away = vaults.find(({ verdict, vault }) => verdict === 'unreachable' && !former.includes(vault))
  if (away)
    return fail(
      `${away.vault} cannot be reached, so whether the kit opens it is not known`,
      'make it reachable (its disk, its network, its credentials), then check again',
    )
  if (otherProject !== undefined)
    return fail(`this kit is of another project, ${otherProject}`, 'check it in the folder of that project')
  const [place] = [...missing, ...former]
  if (place !== undefined) return fail(`the kit and the project do not name the same vaults: ${place}`, anew)
  return fail(
    `the kit finds nothing to recover in ${has('no point')?.vault}`,
    'take a point: aidatavault backup; into a further vault: aidatavault copy',
  )
}
