import { foreseeConfig, joinVault, type Vault } from '../recovery/operations/index.ts'
import { accessOf, configuredVault, discoveryRequest, type Context } from './context.ts'
import { quietPassword } from './password.ts'

/** A vault that is being opened, and what is to be said of it once somebody wants it. */
interface Opening {
  readonly vault: Promise<Vault>
  readonly ending: AbortController
  say(): void
}

/**
 * The vault that will be needed, opened while the project is still looked for: deriving a key from a password takes a third of
 * a second, and aidatavault.yml mostly says beforehand which vault it will be. Nobody is asked for a password for it, and what
 * goes wrong is said by nobody but who takes it.
 */
export class VaultsAhead {
  readonly #opening = new Map<string, Opening>()
  #begun: Promise<unknown> = Promise.resolve()

  /** Begins to open the vault of the project that the user means, as far as it can be foreseen. */
  begin(context: Context): void {
    this.#begun = Promise.all([this.#begun, this.#begin(context).catch(() => {})])
  }

  async #begin(context: Context): Promise<void> {
    const location = configuredVault(context, await foreseeConfig(discoveryRequest(context)))
    if (location !== undefined && mayAsk.test(location)) return
    const password = location === undefined ? undefined : await quietPassword(location, context.options)
    if (location === undefined || password === undefined || this.#opening.has(location)) return
    this.#opening.set(location, open(location, password, context))
  }

  /** The vault at this location, for the first who wants it, and theirs to close; undefined where it was not foreseen. Rejects as joinVault does. */
  async take(location: string): Promise<Vault | undefined> {
    await this.#begun
    const found = this.#opening.get(location)
    this.#opening.delete(location)
    found?.say()
    return found?.vault
  }

  /** Closes what nobody has taken, and resolves when that is done; what still waits for a storage waits no longer. */
  async drop(): Promise<void> {
    await this.#begun
    const untaken = [...this.#opening.values()]
    this.#opening.clear()
    for (const { ending } of untaken) ending.abort()
    await Promise.allSettled(untaken.map(async ({ vault }) => (await vault).close()))
  }
}

// By programs (ssh, rclone) that have questions of their own.
const mayAsk = /^(sftp|rclone):/

function open(location: string, password: string, context: Context): Opening {
  const ending = new AbortController()
  const access = accessOf(context)
  let held: string[] | undefined = []
  const onWarning = (text: string) => (held ? void held.push(text) : context.terminal.warn(text))
  const signal = AbortSignal.any([context.run.signal, ending.signal])
  const vault = joinVault(location, password, { ...access, retries: { signal, onWarning } })
  vault.catch(() => {})
  const say = () => {
    for (const text of held ?? []) context.terminal.warn(text)
    held = undefined
  }
  return { vault, ending, say }
}
