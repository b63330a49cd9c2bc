import fs from 'node:fs'
import path from 'node:path'
import { argumentsOf } from './match-rule.ts'

/** What a command runs in its turn: a line for a shell, or a program by its words. */
export interface Inner {
  readonly line?: string
  readonly words: readonly string[]
  readonly assignments?: Readonly<Record<string, string>>
  /** In a container. */
  readonly away?: boolean
}

const ofLine = (line: string): Inner => ({ line, words: [] })

/** Programs that run what follows them, and their options that take a word. */
const prefixes: Readonly<Record<string, readonly string[]>> = {
  sudo: ['-u', '-g', '-h', '-p', '-C', '-D', '-r', '-t', '-T', '--user', '--group', '--chdir'],
  doas: ['-u', '-C'],
  env: ['-u', '-C', '-S', '--unset', '--chdir'],
  command: [],
  builtin: [],
  exec: ['-a'],
  nohup: [],
  setsid: [],
  time: ['-o', '-f'],
  nice: ['-n', '--adjustment'],
  ionice: ['-c', '-n'],
  stdbuf: ['-i', '-o', '-e'],
  timeout: ['-k', '-s', '--kill-after', '--signal'],
  watch: ['-n', '-d'],
  xargs: ['-n', '-I', '-P', '-L', '-d', '-a'],
  npx: ['-p', '--package', '-c', '--call'],
  pnpx: ['-p', '--package'],
  bunx: ['-p', '--package'],
  dotenv: ['-e', '-f', '-p'],
  'dotenvx run': ['-f', '-e', '--env-file'],
  'npm exec': ['-p', '--package', '-w'],
  'npm x': ['-p', '--package', '-w'],
  'pnpm exec': ['-C', '--filter', '-F'],
  'pnpm dlx': ['--package'],
  'yarn dlx': ['-p'],
  'yarn exec': [],
  'bun x': [],
  'bundle exec': [],
  'poetry run': [],
  'pipenv run': [],
  'uv run': ['--with', '--python', '-p', '--extra', '--group', '--env-file'],
  'hatch run': [],
  'heroku run': ['-a', '--app'],
  python: ['-W', '-X'],
  python2: ['-W', '-X'],
  python3: ['-W', '-X'],
  node: ['-r', '--require', '--import', '--loader'],
  tsx: [],
  'ts-node': [],
  bun: [],
  deno: [],
  php: ['-d', '-c'],
  ruby: ['-I', '-r'],
}
/** Programs that run what follows them. */
export const prefixPrograms: readonly string[] = [...new Set(Object.keys(prefixes).map(name => name.split(' ')[0]!))]

// A number of seconds comes first.
const skipsWord = new Set(['timeout'])
const shells = new Set(['sh', 'bash', 'zsh', 'dash', 'ash', 'ksh', 'fish'])
const packageManagers = new Set(['npm', 'pnpm', 'yarn', 'bun'])

/** Whether these are words that a package manager has for itself, and no script or program of that name. */
const ownWords = new Set([
  'install',
  'add',
  'remove',
  'ci',
  'init',
  'publish',
  'why',
  'list',
  'up',
  'update',
  'upgrade',
  'outdated',
  'audit',
])

const runInside: readonly string[] = ['-e', '--env', '-u', '--user', '-w', '--workdir', '--index', '-v', '--volume', '-p', '--publish', '--name', '--entrypoint', '--network', '--env-file', '-l', '--label', '--pull', '--cap-add', '--cap-drop', '--detach-keys'] // prettier-ignore

/** What is run by a command; undefined: it is itself what is done. */
export function unwrap(words: readonly string[], cwd: string): Inner | undefined {
  const [program = '', second = ''] = words
  const pair = `${program} ${second}`
  if (pair in prefixes) return afterOptions(words.slice(2), prefixes[pair]!, false)
  if (program in prefixes) return afterOptions(words.slice(1), prefixes[program]!, skipsWord.has(program))
  if (shells.has(program)) return shellLine(words.slice(1))
  if (program === 'eval') return ofLine(words.slice(1).join(' '))
  if (packageManagers.has(program)) return ofPackageManager(words, cwd)
  if (program === 'docker') return inContainer(words)
  return undefined
}

/** What follows options and assignments: sudo -u x A=b psql … */
function afterOptions(words: readonly string[], takes: readonly string[], skips: boolean): Inner | undefined {
  let at = 0
  const assignments: Record<string, string> = {}
  for (; at < words.length; at++) {
    const word = words[at]!
    const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(word)
    if (assignment) assignments[assignment[1]!] = assignment[2]!
    else if (word === '-c' && takes.includes('--call')) return ofLine(words[at + 1] ?? '')
    else if (word === '-m') continue
    else if (!word.startsWith('-')) break
    else if (takes.includes(word)) at++
  }
  const rest = words.slice(skips ? at + 1 : at)
  return rest.length === 0 ? undefined : { words: rest, assignments }
}

/** sh -c LINE; a script that is a file is not looked into. */
function shellLine(words: readonly string[]): Inner | undefined {
  const at = words.findIndex(word => /^-[a-z]*c[a-z]*$/.test(word))
  const line = at < 0 ? undefined : words.slice(at + 1).find(word => !word.startsWith('-') && !word.startsWith('+'))
  return line === undefined ? undefined : ofLine(line)
}

/** `npm run db:reset`, `yarn db:reset`: what package.json says it is; `yarn prisma …`: the program. */
function ofPackageManager([program = '', ...rest]: readonly string[], cwd: string): Inner | undefined {
  const words = rest.filter(word => !word.startsWith('-'))
  const [first = '', second = ''] = words
  const isRun = ['run', 'run-script'].includes(first)
  const name = isRun ? second : first
  if (name === '' || (!isRun && ownWords.has(first))) return undefined
  const script = scriptOf(name, cwd)
  const more = rest.slice(rest.indexOf(name) + 1).filter(word => word !== '--')
  if (script !== undefined) return ofLine([script, ...more].join(' '))
  return isRun || program === 'npm' ? undefined : { words: [name, ...more] }
}

function scriptOf(name: string, cwd: string): string | undefined {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    const scripts = scriptsIn(folder)
    if (scripts) return typeof scripts[name] === 'string' ? scripts[name] : undefined
    if (folder === path.dirname(folder)) return undefined
  }
}

function scriptsIn(folder: string): Record<string, unknown> | undefined {
  try {
    const parsed = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as { scripts?: object }
    return { ...parsed.scripts }
  } catch {
    return undefined
  }
}

/** docker exec, docker compose exec, docker compose run: the program inside, whose files are not ours to read. */
function inContainer(words: readonly string[]): Inner | undefined {
  const plain = argumentsOf(words).words
  const verb = plain[1] === 'compose' || plain[1] === 'container' ? plain[2] : plain[1]
  if (verb !== 'exec' && verb !== 'run') return undefined
  const at = words.indexOf(verb)
  const rest = afterOptions(words.slice(at + 1), runInside, true)
  return rest && { ...rest, away: true }
}
