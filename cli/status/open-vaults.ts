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
  readonly #asking: Promise<unknown>[] = []

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

  /** Waits until every password is known, or known not to be: a person who types one is not the vault's slowness. */
  async answered(): Promise<void> {
    await Promise.allSettled(this.#asking)
  }

  async #open(location: string, isFirst: boolean): Promise<Vault> {
    const password = isFirst ? this.#first(location) : this.#further(location)
    this.#asking.push(password)
    return joinVault(location, await password, accessOf(this.#context))
  }

  #first(location: string): Promise<string> {
    const { options, terminal } = this.#context
    return findPassword(location, options, terminal)
  }

  async #further(location: string): Promise<string> {
    const known = await knownOtherPassword(location, this.#context.options)
    if (known) return known.password
    throw new RecoveryError('bad-input', 'its password is not known here', {
      hint: 'give it with AIDATAVAULT_TARGET_PASSWORD, --target-password-file FILE or --target-password-command COMMAND',
    })
  }
}

/** The folder that the user means. */
export const folderOf = ({ options }: Context): string => path.resolve(options.projectDirectory ?? '.')
