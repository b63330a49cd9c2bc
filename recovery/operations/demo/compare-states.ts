import { RecoveryError } from '../../domain/errors.ts'
import type { ApplicationState } from './stage.ts'

/** Counts the equal facts by their first word. Throws verification-failed, naming each one that differs, if any does. */
export function compareStates(before: ApplicationState, after: ApplicationState): Record<string, number> {
  const keys = new Set([...before.keys(), ...after.keys()])
  const different = [...keys].filter(key => before.get(key) !== after.get(key))
  if (different.length > 0)
    throw new RecoveryError('verification-failed', `not everything came back: ${different.join(', ')}`, {
      hint: 'this is an error of the program: please report it',
    })
  const proved: Record<string, number> = {}
  for (const key of keys) {
    const kind = key.split(' ')[0] ?? key
    proved[kind] = (proved[kind] ?? 0) + 1
  }
  return proved
}
