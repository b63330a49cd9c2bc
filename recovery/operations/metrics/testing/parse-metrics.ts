/** The series of a text in Prometheus' format 0.0.4, with their values: strict, so that what passes is what Prometheus reads. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end')
  let declared: string | undefined
  let helped: string | undefined
  const seen = new Set<string>()
  for (const line of text.split('\n').slice(0, -1)) {
    if (line === '') continue
    const [, help] = /^# HELP ([a-zA-Z_:][\w:]*) \S.*$/.exec(line) ?? []
    const [, type] = /^# TYPE ([a-zA-Z_:][\w:]*) gauge$/.exec(line) ?? []
    if (help !== undefined) helped = help
    else if (type !== undefined) {
      if (seen.has(type) || helped !== type) throw new Error(`${type} is declared twice, or without HELP`)
      seen.add((declared = type))
    } else {
      const [, name, labels = '', value] =
        /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[\d.]+(?:e[+-]?\d+)?)$/.exec(line) ??
        []
      if (name === undefined || name !== declared) throw new Error(`not understood: ${line}`)
      if (found.has(name + labels)) throw new Error(`twice: ${line}`)
      found.set(name + labels, Number(value))
    }
  }
  return found
}
