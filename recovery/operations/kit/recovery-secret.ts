import { parseRecoveryCode } from './recovery-code.ts'
import { readRecoveryWords } from './recovery-words.ts'

/** A password as the vault knows it: a recovery code as it was printed, also where its words were typed; all else as it is. */
export function passwordOf(typed: string): string {
  return codeIn(typed) ?? typed
}

/** The recovery code that somebody typed, as a code or in words; undefined where it is none. */
export function codeIn(typed: string): string | undefined {
  const words = readRecoveryWords(typed)
  return parseRecoveryCode(typed) ?? (words.kind === 'code' ? words.code : undefined)
}

/** Why a password that looks like the words of a recovery code is none; undefined where it looks like something else. */
export function mistakeIn(typed: string): string | undefined {
  const words = readRecoveryWords(typed)
  return words.kind === 'mistake' ? words.mistake : undefined
}
