import { isUtf8 } from 'node:buffer'

// How Go writes strings into JSON: HTML characters and the two line separators are escaped, bytes that are no UTF-8
// become \ufffd one by one, everything else stands for itself.

const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
const needsEscape =
  /[\u0000-\u001f"\\<>&\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/
// Most strings are short and plain, and this looks at them faster.
const plain = /^[ !#-%'-;=?-[\]-~]*$/
const everyEscape = new RegExp(needsEscape, 'g')

const escape = (unit: string): string =>
  short[unit] ?? `\\u${(isSurrogate(unit) ? 0xfffd : unit.charCodeAt(0)).toString(16).padStart(4, '0')}`

const isSurrogate = (unit: string): boolean => unit >= '\ud800' && unit <= '\udfff'

/** `text` as a JSON string, quotes included, byte for byte as Go's encoding/json writes it. */
export const encodeGoString = (text: string): string =>
  !plain.test(text) && needsEscape.test(text) ? `"${text.replace(everyEscape, escape)}"` : `"${text}"`

/** The same for bytes that may be no UTF-8. */
export function encodeGoBytes(bytes: Uint8Array): string {
  const buffer = asBuffer(bytes)
  if (isUtf8(buffer)) return encodeGoString(buffer.toString('utf8'))
  let text = ''
  for (const rune of runesOf(buffer)) text += typeof rune === 'number' ? '\\ufffd' : encodeGoString(rune).slice(1, -1)
  return `"${text}"`
}

/** Decodes as Go does: the characters of valid UTF-8 as strings, every other byte as its number. */
export function* runesOf(bytes: Uint8Array): Generator<string | number> {
  const buffer = asBuffer(bytes)
  for (let at = 0; at < buffer.length;) {
    const lead = buffer[at]!
    const rune = buffer.subarray(at, at + lengthByLead(lead))
    const valid = rune.length === lengthByLead(lead) && isUtf8(rune)
    yield valid ? rune.toString('utf8') : lead
    at += valid ? rune.length : 1
  }
}

const lengthByLead = (lead: number): number => (lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4)

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
