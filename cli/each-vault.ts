import { messageOf } from '../recovery/domain/errors.ts'
import type { OpenedPlace, RunFacts, Vault } from '../recovery/operations/index.ts'

/** What a command has to say, in words and for programs. */
export interface Said {
  readonly text: string
  readonly json: object
  /** It did its work, and found something wrong: thrown when everything has been said. */
  readonly failure?: unknown
}

/** What was done in one vault of several, or why it could not be. */
export type InVault = { readonly location: string } & (Said | { readonly error: unknown })

/**
 * Does the same for every place, one after the other; one that fails does not keep the others from their turn, an interruption
 * does. What fails in a single place is thrown.
 */
export async function inEachVault<P extends { readonly location: string }>(
  places: readonly P[],
  signal: AbortSignal,
  use: (place: P) => Promise<Said>,
): Promise<InVault[]> {
  const done: InVault[] = []
  for (const place of places) {
    const { location } = place
    try {
      done.push({ location, ...(await use(place)) })
    } catch (error) {
      if (signal.aborted || places.length === 1) throw error
      done.push({ location, error })
    }
  }
  return done
}

/** Throws why it could not be opened. */
export function vaultOf(place: OpenedPlace): Vault {
  if ('error' in place) throw place.error
  return place.vault
}

/** Of one vault, its own words. Of several, the words of each under its name; for programs the further ones are `others`. */
export function saidOfEach(done: readonly InVault[]): Said {
  const [first, ...others] = done.map(jsonOf)
  return {
    text: done.length === 1 ? textOf(done[0]!) : done.map(one => `${one.location}:\n${textOf(one)}`).join('\n\n'),
    json: { ...first, others },
  }
}

const textOf = (one: InVault): string => ('text' in one ? one.text : `FAILED: ${messageOf(one.error)}`)

const jsonOf = (one: InVault): object =>
  'json' in one ? { vault: one.location, ...one.json } : { vault: one.location, error: messageOf(one.error) }

const failureIn = (one: InVault): unknown => ('error' in one ? one.error : one.failure)

/** For the run history: how it went in each of several. */
export const factsOfEach = (done: readonly InVault[]): RunFacts =>
  done.length === 1 ? {} : { vaults: done.map(one => ({ vault: one.location, ok: failureIn(one) === undefined })) }

/** Throws what was found first, or else what could not be done first. */
export function assertInEach(done: readonly InVault[]): void {
  const failed = done.find(one => 'failure' in one) ?? done.find(one => 'error' in one)
  if (failed) throw failureIn(failed)
}
