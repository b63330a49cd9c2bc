import { splitStatements } from '../../drivers/postgres/statements.ts'

/** pg_dumpall's script, sorted by what it takes to run it again. Statements without their semicolon. */
export interface GlobalsScript {
  /** Names of the roles it creates. */
  readonly roles: readonly string[]
  /** What gives the roles their attributes, passwords, settings and memberships; runs in one transaction. */
  readonly attributes: readonly string[]
  readonly tablespaces: readonly { readonly name: string; readonly location: string; readonly create: string }[]
  /** Owners, privileges and options of the tablespaces. */
  readonly tablespaceDetails: readonly string[]
}

const name = String.raw`("(?:[^"]|"")+"|[\w$\u0080-\uffff]+)`
const createRole = new RegExp(`^CREATE ROLE ${name}$`)
const createTablespace = new RegExp(`^CREATE TABLESPACE ${name} .*LOCATION ( ?E?'(?:[^'\\\\]|''|\\\\.)*')`, 's')
const aboutTablespace =
  /^(ALTER TABLESPACE|COMMENT ON TABLESPACE|SECURITY LABEL .*ON TABLESPACE|(GRANT|REVOKE) [\w ,]+ ON TABLESPACE)\b/

export function parseGlobals(script: string): GlobalsScript {
  const statements = splitStatements(script)
  const created = statements.flatMap(statement => matched(createRole, statement))
  const tablespaces = statements.flatMap(create => {
    const found = createTablespace.exec(create)
    return found ? [{ name: unquoted(found[1] ?? ''), location: unquotedText(found[2] ?? ''), create }] : []
  })
  const rest = statements.filter(text => !createRole.test(text) && !createTablespace.test(text))
  return {
    roles: created.map(unquoted),
    attributes: rest.filter(text => !aboutTablespace.test(text)),
    tablespaces,
    tablespaceDetails: rest.filter(text => aboutTablespace.test(text)),
  }
}

function matched(pattern: RegExp, statement: string): string[] {
  const found = pattern.exec(statement)?.[1]
  return found === undefined ? [] : [found]
}

const unquoted = (identifier: string): string =>
  identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier

function unquotedText(literal: string): string {
  const text = literal.trim()
  const escapes = text.startsWith('E')
  const inner = text.slice(escapes ? 2 : 1, -1).replaceAll("''", "'")
  return escapes ? inner.replaceAll('\\\\', '\\') : inner
}
