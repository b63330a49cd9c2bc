import { confirm, input } from '../questions.ts'
import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  addRecoveryCode,
  assertConfigWritable,
  assertOutside,
  configFile,
  joinVault,
  kitSheet,
  kitText,
  makeVault,
  newRecoveryCode,
  vaultExists,
  warnOfOtherCuts,
  writeConfig,
  type Project,
  type Vault,
} from '../../recovery/operations/index.ts'
import { accessOf, configuredVault, findProject, vaultLocation, withVault, type Context } from '../context.ts'
import { assertCanRemember, credentialsFile, rememberPassword } from '../credentials.ts'
import { findOtherPassword, newOtherPassword } from '../other-password.ts'
import { findPassword, newPassword } from '../password.ts'
import type { Follow } from '../program.ts'

interface InitOptions {
  readonly remember: boolean
  readonly also?: boolean
  readonly plan?: boolean
}

export function initCommand(program: Command, follow: Follow): void {
  program
    .command('init [VAULT]')
    .description('find the project, create or join the vault, write aidatavault.yml, print the recovery kit')
    .option('--also', 'a further vault, into which every point is copied; made to fit the one there is')
    .option('--plan', 'show what would be done, then stop')
    .option('--no-remember', 'do not keep the password in the credentials file of this user')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault init /mnt/backup/vault\n  aidatavault init /mnt/backup/vault --password-file ~/.vault-password\n  aidatavault init /mnt/second/vault --also\n',
    )
    .action((vault: string | undefined, options: InitOptions) => follow(context => runInit(vault, options, context)))
}

async function runInit(named: string | undefined, options: InitOptions, context: Context): Promise<void> {
  const { terminal } = context
  const project = await findProject(context)
  const location = options.also
    ? furtherLocation(named, project, context)
    : await chooseLocation(named, project, context)
  await assertOutside(project, location)
  const exists = await vaultExists(location, accessOf(context))
  if (options.plan) {
    const doing = exists ? 'join the vault' : 'make a vault'
    return terminal.result(
      `project ${project.facts.name} (${project.directory})\nwould ${doing} ${location}\nwould write aidatavault.yml${options.also ? ' (a further vault)' : ''}`,
      {
        project: project.facts.name,
        vault: location,
        creates: !exists,
      },
    )
  }
  // Everything that can fail is tried first: the recovery code is printed once, and must not be lost to an error.
  await assertConfigWritable(project)
  if (options.remember) await assertCanRemember()
  const { password, vault } = options.also
    ? await openAlso(location, exists, project, context)
    : exists
      ? await join(location, context)
      : await create(location, context)
  const recoveryCode = await addRecoveryCode(vault, newRecoveryCode()).finally(() => vault.close())
  const sheet = kitSheet(project, [{ locations: [location], code: recoveryCode }], new Date())
  terminal.result(kitText(sheet), {
    project: project.facts.name,
    projectId: project.facts.id,
    vault: location,
    created: !exists,
    recoveryCode: recoveryCode ?? null,
    config: configFile(project),
  })
  await writeConfig(project, location, options.also)
  if (options.remember) {
    await rememberPassword(location, password)
    terminal.say(`The password is kept for this user in ${credentialsFile()} (readable by you alone).`)
  }
  if (options.also) terminal.say('One sheet with one code for all vaults: aidatavault kit --new-code')
  terminal.say(options.also ? `Next: aidatavault copy ${location}` : 'Next: aidatavault backup')
}

interface OpenedVault {
  readonly password: string
  readonly vault: Vault
}

async function chooseLocation(vault: string | undefined, project: Project, context: Context): Promise<string> {
  if (vault) return vaultLocation(vault)
  const configured = configuredVault(context, project)
  if (configured) return configured
  if (!context.terminal.interactive)
    throw new RecoveryError('bad-input', 'where shall the vault be?', {
      hint: 'name it: aidatavault init /path/to/vault',
    })
  const answer = await input(
    { message: 'Where shall the vault be? (best on another disk)', required: true },
    context.terminal.question,
  )
  return vaultLocation(answer)
}

async function create(location: string, context: Context): Promise<OpenedVault> {
  const password = await newPassword(location, context.options, context.terminal)
  return { password, vault: await makeVault(location, password, accessOf(context)) }
}

async function join(location: string, context: Context): Promise<OpenedVault> {
  const { terminal } = context
  if (
    terminal.interactive &&
    !(await confirm({ message: `There is a vault at ${location}. Keep this project in it too?` }, terminal.question))
  )
    throw new RecoveryError('interrupted', 'no vault was chosen')
  const password = await findPassword(location, context.options, terminal)
  return { password, vault: await joinVault(location, password, accessOf(context)) }
}

function furtherLocation(named: string | undefined, project: Project, context: Context): string {
  const first = configuredVault(context, project)
  if (named && first && vaultLocation(named) !== first) return vaultLocation(named)
  throw new RecoveryError('bad-input', first ? 'which further vault?' : 'this project has no vault yet', {
    hint: first
      ? 'name another place: aidatavault init /mnt/second/vault --also'
      : 'make its first one: aidatavault init VAULT',
  })
}

/** A new one cuts contents as the first vault does. */
async function openAlso(location: string, exists: boolean, project: Project, context: Context): Promise<OpenedVault> {
  return withVault(context, configuredVault(context, project), async first => {
    if (!exists) {
      const password = await newOtherPassword(location, context.options, context.terminal)
      return { password, vault: await makeVault(location, password, accessOf(context), first) }
    }
    const { password } = await findOtherPassword(location, context.options, context.terminal)
    const vault = await joinVault(location, password, accessOf(context))
    warnOfOtherCuts(first, vault, context.run)
    return { password, vault }
  })
}
