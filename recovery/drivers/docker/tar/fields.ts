import { damaged } from './damage.ts'

export const blockSize = 512

const ascii = new TextDecoder('latin1')

/** Up to the first NUL, or the whole field. */
export function textField(block: Uint8Array, at: number, length: number): Uint8Array {
  const field = block.subarray(at, at + length)
  const end = field.indexOf(0)
  return end < 0 ? field : field.subarray(0, end)
}

/** Octal text, or GNU's base-256 where the first bit is set (two's complement). */
export function numberField(block: Uint8Array, at: number, length: number): bigint {
  const field = block.subarray(at, at + length)
  if (field[0]! & 0x80) return base256(field)
  const text = ascii.decode(textField(block, at, length)).trim()
  if (text === '') return 0n
  if (!/^[0-7]+$/.test(text)) throw damaged('is damaged: a number in a header is none')
  return BigInt(`0o${text}`)
}

function base256(field: Uint8Array): bigint {
  const negative = (field[0]! & 0x40) !== 0
  let value = BigInt(field[0]! & 0x3f) - (negative ? 0x40n : 0n)
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte)
  return value
}

/** Whether octal text of this field (one byte is the terminator) holds the value. */
export const fitsOctal = (value: bigint, length: number): boolean =>
  value >= 0n && value < 1n << BigInt(3 * (length - 1))

/** Writes octal text where it fits, else base-256. */
export function putNumber(block: Uint8Array, at: number, length: number, value: bigint): void {
  if (fitsOctal(value, length)) return putText(block, at, value.toString(8).padStart(length - 1, '0'))
  const bits = BigInt(8 * length - 2)
  if (value >= 1n << bits || value < -(1n << bits)) throw damaged(`cannot hold the number ${value}`)
  let rest = BigInt.asUintN(8 * length, value)
  for (let index = length - 1; index >= 0; index--, rest >>= 8n) block[at + index] = Number(rest & 0xffn)
  block[at]! |= 0x80
}

export function putText(block: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) block[at + index] = text.charCodeAt(index)
}

const checksumAt = 148

/** The sum of all bytes, the checksum's own counted as spaces. */
function checksumOf(block: Uint8Array): number {
  let sum = 8 * 32
  for (let index = 0; index < blockSize; index++)
    if (index < checksumAt || index >= checksumAt + 8) sum += block[index]!
  return sum
}

export function verifyChecksum(block: Uint8Array): void {
  const sum = checksumOf(block)
  const said = Number(numberField(block, checksumAt, 8))
  if (said !== sum && said !== sum - 256 * highBytes(block))
    throw damaged('is damaged: the checksum of a header is wrong')
}

/** Ancient writers summed signed bytes: each of these counted 256 less. */
const highBytes = (block: Uint8Array): number =>
  block.filter((byte, at) => byte > 127 && (at < checksumAt || at >= checksumAt + 8)).length

export function putChecksum(block: Uint8Array): void {
  putText(block, checksumAt, `${checksumOf(block).toString(8).padStart(6, '0')}\0 `)
}

export const isZero = (block: Uint8Array): boolean => block.every(byte => byte === 0)
