/** A word for a shell, as it is where nothing in it means anything there. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** A command in pieces, between which a line may end. */
export type Command = readonly string[]

/** The command as lines of at most `width` characters where that can be; a line that goes on ends with a backslash. */
export function commandLines(command: Command, width: number): string[] {
  const lines: string[] = []
  for (const piece of command) {
    const last = lines.at(-1)
    const longer = `${last} ${piece}`
    if (last !== undefined && longer.length + 2 <= width) lines[lines.length - 1] = longer
    else lines.push(lines.length === 0 ? piece : `  ${piece}`)
  }
  return lines.map((line, at) => (at < lines.length - 1 ? `${line} \\` : line))
}
