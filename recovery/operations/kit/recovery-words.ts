import { createHash } from 'node:crypto'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { findFault, withCheckWords } from './check-words.ts'
import { codeOfValue, valueOfCode } from './recovery-code.ts'

// 13 words of 11 bits hold the code's 135 bits and 8 bits of their SHA-256; two check words behind them say which word is wrong.
const dataWords = 13
/** How many words a recovery code is. */
export const recoveryWordCount = dataWords + 2
const checkBits = 8n
const wordBits = 11n

/** The code as words that can be said, written and typed without doubt; the code itself comes back from them. */
export function recoveryWords(code: string): string[] {
  const value = valueOfCode(code)
  const whole = (value << checkBits) | checkOf(value)
  const data = Array.from({ length: dataWords }, (_, at) =>
    Number((whole >> (wordBits * BigInt(dataWords - 1 - at))) & 2047n),
  )
  return withCheckWords(data).map(word => wordlist[word] ?? '')
}

const checkOf = (value: bigint): bigint =>
  BigInt(createHash('sha256').update(value.toString(16).padStart(34, '0')).digest()[0] ?? 0)

/** What somebody typed: the code it stands for, or why it is none, for words that are meant as a recovery code. */
export type ReadWords =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'mistake'; readonly mistake: string }
  | { readonly kind: 'no words' }

/**
 * Reads words in any case, numbered or not, separated by anything; of a word its first four letters are enough. A mistake names the
 * word by its number, and never a word: messages end up in logs.
 */
export function readRecoveryWords(text: string): ReadWords {
  const typed = text.toLowerCase().match(/[a-z]+/g) ?? []
  const known = typed.map(numberOf)
  const strangers = known.flatMap((number, at) => (number === undefined ? [at + 1] : []))
  // A password of several words is a password.
  if (!isMeant(text, typed.length, strangers.length)) return { kind: 'no words' }
  if (typed.length !== recoveryWordCount)
    return mistaken(`a recovery code has ${recoveryWordCount} words, and these are ${typed.length}`)
  if (strangers.length > 0)
    return mistaken(
      `${strangers.length === 1 ? 'word' : 'words'} ${strangers.join(', ')} ${strangers.length === 1 ? 'is' : 'are'} not in the list of words`,
    )
  return decode(known.map(number => number ?? 0))
}

const mistaken = (mistake: string): ReadWords => ({ kind: 'mistake', mistake })

const isMeant = (text: string, count: number, strangers: number): boolean =>
  /^[\s\da-z.,;:)\-]*$/i.test(text) && Math.abs(count - recoveryWordCount) <= 2 && strangers <= 3

function numberOf(word: string): number | undefined {
  const number = wordlist.findIndex(listed => listed === word || (word.length >= 4 && listed.startsWith(word)))
  return number < 0 ? undefined : number
}

function decode(words: readonly number[]): ReadWords {
  const fault = findFault(words)
  if (fault.kind === 'one') {
    const mended = words.map((word, at) => (at === fault.place ? fault.fitting : word))
    // Of several wrong words, one in its place may look like the only one; the hash says that it is not.
    if (codeOf(mended) !== undefined) return mistaken(`word ${fault.place + 1} does not fit the others`)
  }
  const code = fault.kind === 'none' ? codeOf(words) : undefined
  return code === undefined ? mistaken('several of the words are wrong, or not in their order') : { kind: 'code', code }
}

function codeOf(words: readonly number[]): string | undefined {
  const whole = words.slice(0, dataWords).reduce((value, word) => (value << wordBits) | BigInt(word), 0n)
  const value = whole >> checkBits
  return (whole & ((1n << checkBits) - 1n)) === checkOf(value) ? codeOfValue(value) : undefined
}
