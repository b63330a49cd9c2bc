import { messageOf } from '../recovery/domain/errors.ts'
import { joinVault, shortId, type RecoveryPoint, type Vault } from '../recovery/operations/index.ts'
import { accessOf, type Context } from './context.ts'
import { knownOtherPassword } from './other-password.ts'

/** Whether a further vault of the project holds a copy of the newest point. */
export interface CopyPlace {
  readonly vault: string
  readonly state: 'has it' | 'lacks it' | 'not looked into'
  /** The copy's id there, or why nobody looked. */
  readonly detail: string | null
}

/** Looks into each further vault for the newest point; nobody is asked for a password. */
export async function copiesOf(
  newest: RecoveryPoint | undefined,
  first: Vault,
  further: readonly string[],
  context: Context,
): Promise<CopyPlace[]> {
  const places: CopyPlace[] = []
  for (const location of further) places.push(await lookInto(location, newest, first, context))
  return places
}

async function lookInto(
  location: string,
  newest: RecoveryPoint | undefined,
  first: Vault,
  context: Context,
): Promise<CopyPlace> {
  const { options, run } = context
  try {
    const known = await knownOtherPassword(location, options)
    if (!known) return { vault: location, state: 'not looked into', detail: 'its password is not known here' }
    const vault = await joinVault(location, known.password, accessOf(context))
    try {
      const copy = newest && (await first.findCopies(vault, [newest.snapshot])).get(newest.snapshot.id)
      return { vault: location, state: copy ? 'has it' : 'lacks it', detail: copy?.id ?? null }
    } finally {
      await vault.close()
    }
  } catch (error) {
    run.signal.throwIfAborted()
    return { vault: location, state: 'not looked into', detail: messageOf(error) }
  }
}

/** For people. */
export const copyText = ({ vault, state, detail }: CopyPlace): string =>
  state === 'has it'
    ? `${vault} has it as ${shortId(detail ?? '')}`
    : state === 'lacks it'
      ? `${vault} lacks the newest point; bring it there with: aidatavault copy ${vault}`
      : `${vault}: ${detail}`
