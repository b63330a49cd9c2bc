/** Names and texts as SQL and connection strings write them. */

/** A quoted identifier, whatever the name holds. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A string literal that means the same whatever `standard_conforming_strings` says. */
export const quoteLiteral = (text: string): string => {
  const doubled = text.replaceAll("'", "''")
  return doubled.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

/**
 * Names a database to a client program. A bare name will not do: one that holds '=' or starts with 'postgres://' is
 * taken for a connection string.
 */
export const connectionText = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}='${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
    .join(' ')
