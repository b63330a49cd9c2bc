import { randomInt } from 'node:crypto'

// Crockford's base 32: no I, L, O, U, so that a printed code can be typed without doubt.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const groups = 7
const groupLength = 4

/**
 * A second password for the vault, made by chance: 28 characters in 7 groups, 135 random bits and a check character.
 * It is the key's password exactly as printed, so that plain restic takes it too.
 */
export function newRecoveryCode(): string {
  const body = Array.from({ length: groups * groupLength - 1 }, () => alphabet[randomInt(alphabet.length)] ?? '').join(
    '',
  )
  return grouped(body + checkCharacter(body))
}

/** What somebody typed as the code it stands for, or undefined if it is no recovery code. */
export function parseRecoveryCode(text: string): string | undefined {
  const plain = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  if (plain.length !== groups * groupLength || [...plain].some(character => !alphabet.includes(character)))
    return undefined
  const body = plain.slice(0, -1)
  return plain.endsWith(checkCharacter(body)) ? grouped(plain) : undefined
}

/** The 135 random bits of a code, as one number. */
export const valueOfCode = (code: string): bigint =>
  [...code.replaceAll('-', '').slice(0, -1)].reduce(
    (value, character) => (value << 5n) | BigInt(alphabet.indexOf(character)),
    0n,
  )

/** The code with these 135 random bits. */
export function codeOfValue(value: bigint): string {
  const length = groups * groupLength - 1
  const body = Array.from({ length }, (_, at) => alphabet[Number((value >> BigInt(5 * (length - 1 - at))) & 31n)]).join(
    '',
  )
  return grouped(body + checkCharacter(body))
}

const grouped = (plain: string): string => plain.match(/.{4}/g)?.join('-') ?? plain

// Weighted by position with odd numbers, which have no factor in common with 32: one wrong character is always noticed,
// and two swapped neighbours unless they are exactly 16 apart.
function checkCharacter(body: string): string {
  const sum = [...body].reduce((total, character, at) => total + alphabet.indexOf(character) * (2 * at + 1), 0)
  return alphabet[sum % alphabet.length] ?? ''
}
