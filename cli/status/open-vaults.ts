import path from 'node:path'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import { foreseeConfig, joinVault, type Project, type Vault, type VaultPlace } from '../../recovery/operations/index.ts'
import { accessOf, configuredVaults, discoveryRequest, type Context } from '../context.ts'
import { knownOtherPassword } from '../other-password.ts'
import { findPassword } from '../password.ts'

/**
 * Vaults that are opened while the project is still looked for: deriving a key from a password takes a third of a second, and
 * aidatavault.yml mostly says beforehand which ones it will be.
 */
export class VaultOpener {
  readonly #context: Context
  readonly #opening = new Map<string, Promise<Vault>>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Begins with those that will probably be needed. What cannot be foreseen is found out with the project. */
  async begin(): Promise<void> {
    const foreseen = await foreseeConfig(discoveryRequest(this.#context)).catch(() => undefined)
    this.places(foreseen)
  }

  /** All vaults of the project, in order. */
  places(project: Pick<Project, 'config' | 'directory'> | undefined): VaultPlace[] {
    return configuredVaults(this.#context, project).map((location, at) => {
      const opening = this.#opening.get(location) ?? this.#open(location, at === 0)
      this.#opening.set(location, opening)
      opening.catch(() => {})
      return { location, opening }
    })
  }

  async #open(location: string, isFirst: boolean): Promise<Vault> {
    const { options, terminal } = this.#context
    const access = { ...accessOf(this.#context) }
    if (isFirst) return joinVault(location, await findPassword(location, options, terminal), access)
    const known = await knownOtherPassword(location, options)
    if (known) return joinVault(location, known.password, access)
    throw new RecoveryError('bad-input', 'its password is not known here', {
      hint: 'give it with AIDATAVAULT_TARGET_PASSWORD, --target-password-file FILE or --target-password-command COMMAND',
    })
  }
}

/** The folder that the user means. */
export const folderOf = ({ options }: Context): string => path.resolve(options.projectDirectory ?? '.')
