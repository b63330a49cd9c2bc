const ending = '…'

/** The beginning of a text that is too long for a service, in UTF-16 units; no character is cut in two. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text
  const cut = text.slice(0, most - ending.length)
  return `${cut.replace(/[\uD800-\uDBFF]$/, '')}${ending}`
}

/** The same in bytes of UTF-8. */
export function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= most) return text
  let end = most - Buffer.byteLength(ending)
  // A byte that goes on with a character: the character does not fit.
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return `${bytes.subarray(0, end).toString()}${ending}`
}

/** One line without control characters: what a header or a title can hold. */
export const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()

/** Text without control characters but line ends. */
export const plainLines = (text: string): string => text.replaceAll('\r\n', '\n').replaceAll(/(?!\n)\p{Cc}/gu, ' ')
