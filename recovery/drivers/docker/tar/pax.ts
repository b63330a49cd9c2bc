import { damaged } from './damage.ts'

/** The records of an extended header, values as bytes. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>

/** Splits 'LENGTH KEY=VALUE\n'…; the length counts itself. */
export function parsePax(bytes: Uint8Array): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>()
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const digits = Buffer.from(bytes.subarray(at, space < 0 ? at : space)).toString('latin1')
    const end = at + Number(digits)
    const equals = bytes.indexOf(0x3d, space)
    if (!/^[1-9]\d{0,9}$/.test(digits) || end > bytes.length || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a)
      throw damaged('is damaged: an extended header is none')
    records.set(decodeText(bytes.subarray(space + 1, equals)), bytes.subarray(equals + 1, end - 1))
    at = end
  }
  return records
}

export function encodePax(records: PaxRecords): Uint8Array {
  const lines = [...records].map(([key, value]) => {
    const length = 1 + Buffer.byteLength(key) + 1 + value.length + 1
    return Buffer.concat([Buffer.from(`${withOwnDigits(length)} ${key}=`), value, Buffer.from('\n')])
  })
  return Buffer.concat(lines)
}

/** A length plus the digits that it takes itself: 8 becomes 9, but 9 becomes 11. */
function withOwnDigits(length: number): number {
  let total = length + String(length).length
  if (String(total).length > String(length).length) total = length + String(total).length
  return total
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch (error) {
    throw Object.assign(damaged('names an attribute in bytes that are not UTF-8'), { cause: error })
  }
}

const nanoseconds = 1_000_000_000n

/** Decimal seconds as nanoseconds since 1970; finer digits are cut. */
export function parsePaxTime(bytes: Uint8Array): bigint {
  const match = /^(-?)(\d{1,18})(?:\.(\d*))?$/.exec(Buffer.from(bytes).toString('latin1'))
  if (!match) throw damaged('is damaged: a time in an extended header is none')
  const [, sign, seconds, fraction = ''] = match
  const value = BigInt(seconds!) * nanoseconds + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return sign ? -value : value
}

export function encodePaxTime(time: bigint): Uint8Array {
  const size = time < 0n ? -time : time
  const fraction = (size % nanoseconds).toString().padStart(9, '0')
  return Buffer.from(`${time < 0n ? '-' : ''}${size / nanoseconds}.${fraction}`)
}

export function parsePaxNumber(bytes: Uint8Array): bigint {
  const text = Buffer.from(bytes).toString('latin1')
  if (!/^-?\d{1,20}$/.test(text)) throw damaged('is damaged: a number in an extended header is none')
  return BigInt(text)
}
