import path from 'node:path'
import { RecoveryError } from '../recovery/domain/errors.ts'
import type { Run } from '../recovery/domain/run.ts'
import {
  discoverProject,
  joinVault,
  type DiscoveryRequest,
  type Project,
  type Tools,
  type Vault,
  type VaultAccess,
} from '../recovery/operations/index.ts'
import { cacheFolder } from './cache-folder.ts'
import { findPassword, type PasswordOptions } from './password.ts'
import type { Terminal } from './terminal.ts'
import type { VaultsAhead } from './vaults-ahead.ts'

/** Options that every command takes. */
export interface GlobalOptions extends PasswordOptions {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color: boolean
  readonly cache: boolean
  /** KiB a second. */
  readonly limitUpload?: number
  readonly limitDownload?: number
  readonly vault?: string[]
  readonly projectDirectory?: string
  readonly file?: string[]
  readonly projectName?: string
  readonly profile?: string[]
}

/** What a command works with: the words of the user, the terminal, the tools, the run that Ctrl-C ends, and vaults opened ahead. */
export interface Context {
  readonly options: GlobalOptions
  readonly terminal: Terminal
  readonly tools: Tools
  readonly run: Run
  readonly ahead: VaultsAhead
  /** Whether the command checks all data of the vault that it opens first. */
  readonly readsAll?: boolean
}

/** Where the project that is meant is looked for, from there upwards. */
export const startFolder = ({ options: { projectDirectory, file } }: Pick<Context, 'options'>): string =>
  projectDirectory ?? (file?.[0] === undefined ? '.' : path.dirname(file[0]))

/** The project that the user means: of this folder, or as --project-directory, --file and --project-name say. */
export const discoveryRequest = ({ options }: Pick<Context, 'options'>): DiscoveryRequest => ({
  // As Compose has it: with --file alone, the directory is that of the first file.
  ...(options.projectDirectory === undefined && options.file
    ? {}
    : { directory: path.resolve(options.projectDirectory ?? '.') }),
  files: (options.file ?? []).map(file => path.resolve(file)),
  profiles: options.profile ?? [],
  ...(options.projectName === undefined ? {} : { projectName: options.projectName }),
})

/** Looks for it. */
export const findProject = (context: Context): Promise<Project> =>
  discoverProject(discoveryRequest(context), context.tools, context.run)

/** Looks for it while its vault is opened beside: for who is going to need both. */
export function findProjectBesideVault(context: Context): Promise<Project> {
  context.ahead.begin(context)
  return findProject(context)
}

/**
 * A path is made absolute, a URL stays. Rejects with bad-input a URL with a password, which would end up in settings,
 * journals and messages; it does not repeat it.
 */
export function vaultLocation(text: string): string {
  if (/:\/\/[^/]*:[^/]*@/.test(text))
    throw new RecoveryError('bad-input', 'the location of the vault holds a password', {
      hint: 'leave it out of the URL, and give it as RESTIC_REST_PASSWORD',
    })
  return text.includes('://') || /^\w{2,}:/.test(text) ? text : path.resolve(text)
}

/** What of a project says where its vaults are. */
export type Configured = Pick<Project, 'config' | 'directory'>

/** Where the project's vault is: --vault, AIDATAVAULT_VAULT, aidatavault.yml. Undefined when nothing says. */
export const configuredVault = (context: Context, project: Configured | undefined): string | undefined =>
  configuredVaults(context, project)[0]

/** All vaults that points go into, each once, the project's own first; those of the command line go before the file's. */
export function configuredVaults({ options }: Context, project: Configured | undefined): string[] {
  const said = options.vault ?? (process.env.AIDATAVAULT_VAULT ? [process.env.AIDATAVAULT_VAULT] : [])
  const locations = said.length > 0 ? said.map(vaultLocation) : vaultsOfFile(project)
  return [...new Set(locations)]
}

function vaultsOfFile(project: Configured | undefined): string[] {
  if (!project) return []
  const { vault, vaults = [] } = project.config
  return [...(vault ? [vault] : []), ...vaults].map(place =>
    vaultLocation(path.isAbsolute(place) || place.includes(':') ? place : path.join(project.directory, place)),
  )
}

/** Rejects with bad-input when nothing says where the vault is. */
export function assertVaultKnown(location: string | undefined): asserts location is string {
  if (location !== undefined) return
  throw new RecoveryError('bad-input', 'this project has no vault yet', {
    hint: 'make or join one with: aidatavault init VAULT; or name it with --vault',
  })
}

/** How this run reaches vaults: faults that may go away are told and waited out, until the run is to stop. */
export const accessOf = ({ options, run, terminal, readsAll = false }: Context): VaultAccess => ({
  readsAll,
  ...(options.limitUpload === undefined ? {} : { limitUploadKiB: options.limitUpload }),
  ...(options.limitDownload === undefined ? {} : { limitDownloadKiB: options.limitDownload }),
  ...(options.cache ? { cacheFolder: cacheFolder() } : {}),
  retries: { signal: run.signal, onWarning: text => terminal.warn(text) },
})

/** Opens the vault at a location (or the configured one), uses it and closes it. Rejects with bad-input when none is known. */
export async function withVault<T>(
  context: Context,
  location: string | undefined,
  use: (vault: Vault) => Promise<T>,
): Promise<T> {
  assertVaultKnown(location)
  const vault = await openVaultAt(location, context)
  try {
    return await use(vault)
  } finally {
    await vault.close()
  }
}

/** The vault that was opened ahead, or else is opened now, with the password that is given, remembered or asked for. */
export async function openVaultAt(location: string, context: Context): Promise<Vault> {
  const ahead = await context.ahead.take(location)
  if (ahead) return ahead
  const password = await findPassword(location, context.options, context.terminal)
  return joinVault(location, password, accessOf(context))
}

/** For commands that need a vault, and no project when that is named. */
export async function projectIfAny(context: Context): Promise<Project | undefined> {
  const finding = findProjectBesideVault(context)
  return context.options.vault || process.env.AIDATAVAULT_VAULT ? finding.catch(() => undefined) : finding
}
