// Narrower than this, nothing is gained by it.
const narrowest = 24

/** Breaks a text at its spaces, so that it fits beside `start` columns; lines after the first begin there too. */
export function wrapped(text: string, width: number | undefined, start: number): string {
  const room = (width ?? Infinity) - start
  if (text.length <= room || room < narrowest) return text
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(start)}`)
}
