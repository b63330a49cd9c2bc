/** Whether SQL, as psql takes it, destroys what no rollback brings back; a file that it includes may as well. */
export function isDestructiveSql(text: string): boolean {
  return statements(text).some(statement => dangers.some(isDanger => isDanger(statement)))
}

const dangers: readonly ((statement: string) => boolean)[] = [
  // Also in a block (DO), and behind EXPLAIN ANALYZE or WITH.
  statement => /\bdrop\s+\w/i.test(statement),
  statement => /\btruncate\b/i.test(statement),
  statement => /\bdelete\s+from\b/i.test(statement) && !/\bwhere\b/i.test(statement),
  statement =>
    /\bupdate\s+(only\s+)?[\w".]+(\s+(as\s+)?\w+)?\s+set\b/i.test(statement) && !/\bwhere\b/i.test(statement),
  // psql reads another file, or lets a shell write.
  statement => /^\\(i|ir|include|include_relative|gexec)\b/im.test(statement),
  statement => /\\gexec\b/i.test(statement),
]

/** Without comments and the texts of strings: a note about DROP TABLE drops nothing. Bodies in dollar quotes stay. */
function statements(text: string): string[] {
  const bare = text.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, found =>
    found.startsWith("'") ? "''" : ' ',
  )
  return bare.split(';').map(statement => statement.trim())
}
