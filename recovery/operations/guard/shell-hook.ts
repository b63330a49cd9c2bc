import { prefixPrograms } from './recognise/unwrap.ts'
import { rules } from './recognise/rules.ts'

/** The lines around what is ours in a file of the user's. */
export const marks = { begin: '# >>> aidatavault guard >>>', end: '# <<< aidatavault guard <<<' } as const

/**
 * The block for ~/.bashrc and ~/.zshrc: functions in front of the programs that can destroy. Each looks at its words in the shell
 * itself, and only what may be meant by a rule goes through `program` (absolute), which looks closely.
 */
export function shellHook(program: string): string {
  return `${marks.begin}
# Takes a safety point of a project before a command destroys something of it. Take this away with: aidatavault guard uninstall
if [ -x ${quoted(program)} ]; then
  function __aidatavault_guard {
    case "$*" in
    ${patterns().join(' | ')})
      ${quoted(program)} guard --if-protected -- "$@"
      ;;
    *) command "$@" ;;
    esac
  }
  for __aidatavault_name in ${programs().join(' ')}; do
    if command -v "$__aidatavault_name" >/dev/null 2>&1; then
      unalias "$__aidatavault_name" 2>/dev/null
      eval "function $__aidatavault_name { __aidatavault_guard $__aidatavault_name \\"\\$@\\"; }"
    fi
  done
  unset __aidatavault_name
fi
${marks.end}
`
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** Names that a function can have, and that are looked up on PATH. */
function programs(): string[] {
  const ruled = rules.flatMap(({ command }) => command.split(' ')[0]!.split('|'))
  const all = ['docker-compose', 'podman', 'psql', 'rm', 'npm', 'pnpm', 'yarn', ...ruled, ...prefixPrograms]
  const shellsOwn = new Set([
    'command',
    'builtin',
    'exec',
    'time',
    'env',
    'xargs',
    'node',
    'nohup',
    'setsid',
    'console',
  ])
  return [...new Set(all)].filter(name => /^[a-z][\w-]*$/.test(name) && !shellsOwn.has(name)).toSorted()
}

// What a rule does not tell: SQL, files, scripts of package.json, programs in containers.
const others = [
  ...['*psql*', 'rm*-*[rR]*', 'rm*.env*', 'rm*.git*', 'rm*.y*ml*', '*rm*-*[rR]*', '*docker*exec*', '*docker*run*'],
  ...['npm*run*', 'pnpm*', 'yarn*', 'bun*'],
]

/** Globs that every command of a rule fits, and as few others as a shell can tell. */
function patterns(): string[] {
  return [...new Set([...rules.flatMap(({ command }) => globsOf(command)), ...others])]
}

function globsOf(command: string): string[] {
  const tokens = command.split(' ').filter(token => !token.startsWith('!'))
  const words = tokens.filter(token => !token.startsWith('-'))
  const options = tokens.filter(token => token.startsWith('-'))
  return [...words, ...options].reduce<string[]>(
    (before, token) => before.flatMap(glob => token.split('|').map(word => `${glob}${globOf(word)}*`)),
    ['*'],
  )
}

/** -v stands in -fsv as well. */
const globOf = (word: string) => (/^-[A-Za-z]$/.test(word) ? `-*${word.slice(1)}` : word)
