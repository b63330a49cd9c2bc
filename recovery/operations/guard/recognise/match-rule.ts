import type { Rule } from './rules.ts'

/** A command's arguments, told apart. */
export interface Arguments {
  /** Program and words, without options and what belongs to them. */
  readonly words: readonly string[]
  readonly options: readonly string[]
  /** What options with a value were given: ['-p', 'shop']. */
  readonly values: readonly (readonly [option: string, value: string])[]
}

// Options whose next word is theirs: what would otherwise be taken for a subcommand.
const valued: Readonly<Record<string, readonly string[]>> = {
  docker: [
    ...['-H', '--host', '-c', '--context', '--config', '-l', '--log-level', '-p', '--project-name', '-f', '--file'],
    ...['--project-directory', '--env-file', '--profile', '--ansi', '--progress', '--parallel', '-t', '--timeout'],
    ...['-e', '--env', '-u', '--user', '-w', '--workdir', '--index', '--filter', '--rmi', '--volume', '--name'],
    ...['--entrypoint', '--network', '--detach-keys'],
  ],
  git: ['-C', '-c', '--git-dir', '--work-tree', '--namespace', '-s', '--source', '-e', '--exclude'],
  psql: [
    ...[
      '-c',
      '--command',
      '-d',
      '--dbname',
      '-f',
      '--file',
      '-h',
      '--host',
      '-p',
      '--port',
      '-U',
      '--username',
      '-v',
      '--set',
    ],
    ...['-o', '--output', '-L', '--log-file', '-F', '-R', '-P', '-T', '--variable', '--pset'],
  ],
}

/** `words`: the program first, without its path. */
export function argumentsOf(all: readonly string[]): Arguments {
  const [program = '', ...rest] = all
  const [words, options, values] = [[program], [] as string[], [] as [string, string][]]
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!
    if (word === '--') {
      options.push(word)
      words.push(...rest.slice(at + 1))
      break
    }
    const [option, value] = valueOf(program, word, rest[at + 1])
    if (option === undefined) words.push(word)
    else if (value === undefined) options.push(word)
    else {
      values.push([option, value])
      if (word !== option) options.push(word)
      if (rest[at + 1] === value && !word.endsWith(`=${value}`)) at++
    }
  }
  return { words, options, values }
}

/** [undefined]: no option. [option]: without a value of its own. */
function valueOf(program: string, word: string, next: string | undefined): [string | undefined, string?] {
  if (!word.startsWith('-') || word === '-') return [undefined]
  const takes = valued[program] ?? []
  const mine = program !== 'psql' && next?.startsWith('-') ? undefined : next
  const long = /^(--[^=]+)=(.*)$/s.exec(word)
  if (long) return takes.includes(long[1]!) ? [long[1], long[2]!] : [word]
  if (takes.includes(word) && mine !== undefined) return [word, mine]
  // The last of several letters: psql -Atc 'SELECT 1'.
  const last = `-${word.at(-1)}`
  if (/^-[A-Za-z0-9]{2,}$/.test(word) && takes.includes(last) && mine !== undefined) return [last, mine]
  const short = word.slice(0, 2)
  if (!word.startsWith('--') && word.length > 2 && takes.includes(short) && program !== 'git')
    return [short, word.slice(2)]
  return [word]
}

/** Whether a command is what a rule tells of. */
export function matches({ command }: Pick<Rule, 'command'>, { words, options }: Arguments): boolean {
  const tokens = command.split(/\s+/).filter(Boolean)
  const wanted = tokens.filter(token => !/^!?-/.test(token))
  const [program, ...rest] = wanted
  if (!isOneOf(program, words[0])) return false
  const needed = tokens.filter(token => token.startsWith('-'))
  const harmless = tokens.filter(token => token.startsWith('!'))
  return (
    inOrder(rest, words.slice(1)) &&
    needed.every(token => has(options, token)) &&
    !harmless.some(token => has(options, token.slice(1)))
  )
}

const isOneOf = (alternatives = '', word = '') => alternatives.split('|').includes(word)

function inOrder(wanted: readonly string[], words: readonly string[]): boolean {
  let at = 0
  for (const word of words) if (at < wanted.length && isOneOf(wanted[at], word)) at++
  return at === wanted.length
}

const has = (options: readonly string[], alternatives: string) =>
  alternatives.split('|').some(wanted => options.some(option => isOption(option, wanted)))

/** -v in -fsv; --volumes as --volumes=true, or cut short, as many programs allow. */
function isOption(given: string, wanted: string): boolean {
  if (given === wanted) return true
  if (given.startsWith('--')) {
    const [name = '', value] = given.split('=')
    return value !== 'false' && (name === wanted || (name.length >= 5 && wanted.startsWith(name)))
  }
  return /^-[A-Za-z]$/.test(wanted) && /^-[A-Za-z]+$/.test(given) && given.includes(wanted.slice(1))
}
