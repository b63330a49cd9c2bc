import path from 'node:path'
import { RecoveryError } from '../recovery/domain/errors.ts'
import { readLost, recallProject, vaultOfLastRestore, type Project } from '../recovery/operations/index.ts'
import { configuredVault, findProjectBesideVault, vaultLocation, withVault, type Context } from './context.ts'

// With a Compose file or an env file gone, Compose cannot say what the project is; and just then they are to come back.
const lostCodes: readonly string[] = ['project-not-found', 'project-invalid', 'tool-failed', 'bad-input']

/**
 * The project of this folder; where its files are too broken for that, as its newest point knows it. With `optional`,
 * undefined where there is neither. Rejects as discovery did where no vault is known to ask.
 */
export async function findProjectOrLost(context: Context, optional = false): Promise<Project | undefined> {
  try {
    return await findProjectBesideVault(context)
  } catch (error) {
    if (!(error instanceof RecoveryError) || !lostCodes.includes(error.code)) throw error
    const lost = await readLost(path.resolve(context.options.projectDirectory ?? '.')).catch(() => undefined)
    const named = lost?.vault ?? (lost && (await vaultOfLastRestore(lost.directory)))
    const location = configuredVault(context, undefined) ?? (named && vaultLocation(named))
    if (lost === undefined || location === undefined) throw error
    return recall(context, location, lost, optional, error)
  }
}

async function recall(
  context: Context,
  location: string,
  lost: Awaited<ReturnType<typeof readLost>>,
  optional: boolean,
  error: RecoveryError,
): Promise<Project | undefined> {
  try {
    const project = await withVault(context, location, vault => recallProject(lost, vault, context.run))
    context.terminal.warn(`${error.message}; going by the project's newest point`)
    return { ...project, config: { vault: location } }
  } catch (failure) {
    const isUnknown = failure instanceof RecoveryError && failure.code === 'project-not-found'
    if (optional && isUnknown) return undefined
    throw failure
  }
}
