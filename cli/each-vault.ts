import { messageOf } from '../recovery/domain/errors.ts'
import type { OpenedPlace, Vault } from '../recovery/operations/index.ts'

/** What a command has to say, in words and for programs. */
export interface Said {
  readonly text: string
  readonly json: object
}

/** What was done in one vault of several, or why it could not be. */
export type InVault = { readonly location: string } & (Said | { readonly error: unknown })

/**
 * Does the same in every vault that could be opened, one after the other; one that fails does not keep it from the others,
 * an interruption does.
 */
export async function inEachVault(
  opened: readonly OpenedPlace[],
  signal: AbortSignal,
  use: (vault: Vault) => Promise<Said>,
): Promise<InVault[]> {
  const done: InVault[] = []
  for (const place of opened) {
    const { location } = place
    if ('error' in place) done.push(place)
    else
      try {
        done.push({ location, ...(await use(place.vault)) })
      } catch (error) {
        if (signal.aborted || opened.length === 1) throw error
        done.push({ location, error })
      }
  }
  return done
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

/** Throws what went wrong in the first vault where something did. */
export function assertInEach(done: readonly InVault[]): void {
  const failed = done.find(one => 'error' in one)
  if (failed && 'error' in failed) throw failed.error
}
