import { confirm, input } from '@inquirer/prompts'
import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  assertOutside,
  joinVault,
  makeVault,
  vaultExists,
  writeConfig,
  type Project,
} from '../../recovery/operations/index.ts'
import { configuredVault, findProject, vaultLocation, type Context } from '../context.ts'
import { credentialsFile, rememberPassword } from '../credentials.ts'
import { findPassword, newPassword } from '../password.ts'
import type { Follow } from '../program.ts'
import { newRecoveryCode } from '../recovery-code.ts'

interface InitOptions {
  readonly remember: boolean
  readonly plan?: boolean
}

export function initCommand(program: Command, follow: Follow): void {
  program
    .command('init [VAULT]')
    .description('find the project, create or join the vault, write aidatavault.yml, print the recovery kit')
    .option('--plan', 'show what would be done, then stop')
    .option('--no-remember', 'do not keep the password in the credentials file of this user')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault init /mnt/backup/vault\n  aidatavault init /mnt/backup/vault --password-file ~/.vault-password\n',
    )
    .action((vault: string | undefined, options: InitOptions) => follow(context => runInit(vault, options, context)))
}

async function runInit(vault: string | undefined, options: InitOptions, context: Context): Promise<void> {
  const { terminal } = context
  const project = await findProject(context)
  const location = await chooseLocation(vault, project, context)
  await assertOutside(project, location)
  const exists = await vaultExists(location)
  if (options.plan) {
    const doing = exists ? 'join the vault' : 'make a vault'
    return terminal.result(
      `project ${project.facts.name} (${project.directory})\nwould ${doing} ${location}\nwould write aidatavault.yml`,
      {
        project: project.facts.name,
        vault: location,
        creates: !exists,
      },
    )
  }
  const { password, recoveryCode } = exists ? await join(location, context) : await create(location, context)
  const file = await writeConfig(project, location)
  if (options.remember) await rememberPassword(location, password)
  const kit = recoveryKit(project, location, recoveryCode, options.remember)
  terminal.result(kit, {
    project: project.facts.name,
    projectId: project.facts.id,
    vault: location,
    created: !exists,
    recoveryCode: recoveryCode ?? null,
    config: file,
  })
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
    { output: process.stderr },
  )
  return vaultLocation(answer)
}

async function create(location: string, context: Context): Promise<{ password: string; recoveryCode: string }> {
  const password = await newPassword(location, context.options, context.terminal)
  const recoveryCode = newRecoveryCode()
  const vault = await makeVault(location, { password, recoveryCode })
  await vault.close()
  return { password, recoveryCode }
}

async function join(location: string, context: Context): Promise<{ password: string; recoveryCode: undefined }> {
  const { terminal } = context
  if (
    terminal.interactive &&
    !(await confirm(
      { message: `There is a vault at ${location}. Keep this project in it too?` },
      { output: process.stderr },
    ))
  )
    throw new RecoveryError('interrupted', 'no vault was chosen')
  const password = await findPassword(location, context.options, terminal)
  const vault = await joinVault(location, password)
  await vault.close()
  return { password, recoveryCode: undefined }
}

function recoveryKit(
  project: Project,
  location: string,
  recoveryCode: string | undefined,
  remembered: boolean,
): string {
  const code = recoveryCode ?? 'the one printed when the vault was made'
  return `
RECOVERY KIT for ${project.facts.name} on ${project.facts.hostname} — print it, keep it away from this machine

  Vault:          ${location}
  Recovery code:  ${code}
                  (opens the vault by itself, without the password)

  On an empty machine with Docker and git:
    1. install AIDataVault, and make the vault reachable at its place
    2. aidatavault recover ${location}
    3. give the password or the recovery code when asked

  Without this program, with plain restic and PostgreSQL's own tools:
    restic -r ${location} snapshots
    restic -r ${location} restore latest --target ./recovered
    pg_restore --create --dbname postgres recovered/databases/…/….dump

${remembered ? `The password is kept for this user in ${credentialsFile()} (readable by you alone).\n` : ''}Next: aidatavault backup`.trimStart()
}
