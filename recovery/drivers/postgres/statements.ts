/**
 * Cuts an SQL script into its statements, as psql would: strings, quoted names, dollar quotes and comments are not cut.
 * Comments and psql's own commands (`\restrict`) between statements are left out. Neither `COPY … FROM stdin` with its data
 * nor `BEGIN ATOMIC` bodies are understood: scripts that may hold them are for psql.
 */
export function splitStatements(script: string): string[] {
  const statements: string[] = []
  let start = 0
  for (let at = 0; at < script.length;) {
    const between = script.slice(start, at).trim() === ''
    if (between) {
      const next = skipBetween(script, at)
      if (next > at) {
        at = start = next
        continue
      }
    }
    if (script[at] === ';') {
      add(statements, script.slice(start, at))
      at = start = at + 1
    } else {
      at = endOfToken(script, at)
    }
  }
  add(statements, script.slice(start))
  return statements
}

function add(statements: string[], text: string): void {
  const statement = text.trim()
  if (statement !== '') statements.push(statement)
}

/** White space, comments and psql's commands before a statement. */
function skipBetween(script: string, at: number): number {
  const found = /\s+|--[^\n]*|\\[^\n]*/y
  found.lastIndex = at
  if (found.test(script)) return found.lastIndex
  return script.startsWith('/*', at) ? endOfBlockComment(script, at) : at
}

function endOfToken(script: string, at: number): number {
  const character = script[at]
  const escapes = /[Ee]/.test(script[at - 1] ?? '') && !/[\w$]/.test(script[at - 2] ?? '')
  if (character === "'") return endOfQuoted(script, at, "'", escapes)
  if (character === '"') return endOfQuoted(script, at, '"', false)
  if (script.startsWith('--', at)) return endOr(script.indexOf('\n', at), script)
  if (script.startsWith('/*', at)) return endOfBlockComment(script, at)
  if (character === '$' && !/[\w$]/.test(script[at - 1] ?? '')) return endOfDollarQuoted(script, at)
  return at + 1
}

const endOr = (found: number, script: string): number => (found < 0 ? script.length : found)

function endOfQuoted(script: string, at: number, quote: string, escapes: boolean): number {
  for (let index = at + 1; index < script.length; index++) {
    if (escapes && script[index] === '\\') index++
    else if (script[index] === quote) {
      if (script[index + 1] !== quote) return index + 1
      index++
    }
  }
  return script.length
}

function endOfBlockComment(script: string, at: number): number {
  let depth = 0
  for (let index = at; index < script.length; index++) {
    if (script.startsWith('/*', index)) {
      depth++
      index++
    } else if (script.startsWith('*/', index)) {
      depth--
      index++
      if (depth === 0) return index + 1
    }
  }
  return script.length
}

function endOfDollarQuoted(script: string, at: number): number {
  const tag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
  tag.lastIndex = at
  const opening = tag.exec(script)?.[0]
  if (!opening) return at + 1
  const closing = script.indexOf(opening, at + opening.length)
  return closing < 0 ? script.length : closing + opening.length
}
