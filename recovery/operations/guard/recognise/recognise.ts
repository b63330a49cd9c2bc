/**
 * Whether a command destroys something of a project, and what: told by its words alone, so that every other command can run
 * at once. Nothing here may load more than Node's own modules.
 */
import fs from 'node:fs'
import path from 'node:path'
import { argumentsOf, matches, type Arguments } from './match-rule.ts'
import { removalsBy } from './removal.ts'
import { rules as ownRules, type Part, type Rule } from './rules.ts'
import { shellCommands, type Input, type SimpleCommand } from './shell-commands.ts'
import { isDestructiveSql } from './sql-danger.ts'
import { unwrap, type Inner } from './unwrap.ts'

/** How a command says which project it means, as `docker compose` takes it. */
export interface Addressed {
  /** Absolute. */
  readonly directory: string
  readonly files: readonly string[]
  readonly profiles: readonly string[]
  readonly projectName?: string
}

/** One destructive command. */
export interface Danger {
  /** As a person would say it. */
  readonly command: string
  readonly endangers: readonly Part[]
  readonly addressed: Addressed
  /** Names of volumes that it is about, where it names them. */
  readonly volumes?: readonly string[]
}

export interface Surroundings {
  /** Absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What the command will read from its standard input, where that can be known without taking it away. */
  readonly input?: Input
  /** More of them, of the project's aidatavault.yml. */
  readonly rules?: readonly Rule[]
  /** Inside a container of this project, whose files are not those of this machine. */
  readonly inside?: Addressed
}

/** The dangers of a command line, as a shell would run it. */
export function dangersOfLine(line: string, around: Surroundings): Danger[] {
  const dangers: Danger[] = []
  let here = around
  for (const command of shellCommands(line, around.env)) {
    if (command.words[0] === 'cd') here = { ...here, cwd: path.resolve(here.cwd, homeOf(command.words[1], here)) }
    else dangers.push(...dangersOf(command, here))
  }
  return dangers
}

/** The dangers of one command, given as the words that a program is started with. */
export const dangersOfWords = (words: readonly string[], around: Surroundings): Danger[] =>
  dangersOf({ words, assignments: {}, input: undefined }, around)

const homeOf = (folder: string | undefined, { env }: Surroundings): string =>
  (folder ?? '~').replace(/^~(?=\/|$)/, env['HOME'] ?? '~')

function dangersOf(command: SimpleCommand, around: Surroundings): Danger[] {
  const words = plainProgram(command.words)
  const here = { ...around, env: { ...around.env, ...command.assignments } }
  const addressed = here.inside ?? addressedBy(words, here)
  const inner = unwrap(words, here.cwd)
  if (inner) return innerDangers(inner, command, inner.away ? { ...here, inside: addressed } : here, shown(words))
  const args = argumentsOf(words)
  if (!here.inside && removers.has(words[0]!)) return removalDangers(args, addressed, here)
  const endangers = endangeredBy(args, command, here)
  if (endangers.length === 0) return []
  const volumes = args.words[1] === 'volume' ? { volumes: args.words.slice(3) } : {}
  return [{ command: shown(words), endangers, addressed, ...volumes }]
}

const removers = new Set(['rm', 'unlink', 'shred'])

const removalDangers = (args: Arguments, addressed: Addressed, { cwd, env }: Surroundings): Danger[] =>
  removalsBy(args, cwd, env['HOME']).map(({ project, endangers }) => ({
    ...{ command: shown([...args.words.slice(0, 1), ...args.options, ...args.words.slice(1)]), endangers },
    addressed: { ...addressed, directory: project },
  }))

/** What is run is shown as it was called. */
function innerDangers(inner: Inner, command: SimpleCommand, around: Surroundings, called: string): Danger[] {
  const input = command.input ?? around.input
  const here = input ? { ...around, input } : around
  const assignments = { ...command.assignments, ...inner.assignments }
  const found =
    inner.line === undefined
      ? dangersOf({ ...command, words: inner.words, assignments }, here)
      : dangersOfLine(inner.line, here)
  return found.map(danger => ({ ...danger, command: called }))
}

const shown = (words: readonly string[]) => {
  const text = words.join(' ').replaceAll(/\s+/g, ' ')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** /usr/bin/docker-compose and ./manage.py are what their names say. */
function plainProgram([program = '', ...rest]: readonly string[]): readonly string[] {
  const name = path.basename(program)
  if (name === 'docker-compose') return ['docker', 'compose', ...rest]
  if (name === 'podman') return ['docker', ...rest]
  return [name, ...rest]
}

function addressedBy(words: readonly string[], { cwd, env }: Surroundings): Addressed {
  const { values, words: plain } = argumentsOf(words)
  const given = (...names: string[]) => values.filter(([option]) => names.includes(option)).map(([, value]) => value)
  if (words[0] === 'git') return { directory: path.resolve(cwd, ...given('-C')), files: [], profiles: [] }
  if (words[0] !== 'docker' || plain[1] !== 'compose') return { directory: cwd, files: [], profiles: [] }
  const files = given('-f', '--file').map(file => path.resolve(cwd, file))
  const projectName = given('-p', '--project-name').at(-1) ?? env['COMPOSE_PROJECT_NAME']
  const directory = given('--project-directory').at(-1) ?? (files[0] ? path.dirname(files[0]) : cwd)
  return {
    ...{ directory: path.resolve(cwd, directory), files, profiles: given('--profile') },
    ...(projectName ? { projectName } : {}),
  }
}

function endangeredBy(args: Arguments, command: SimpleCommand, around: Surroundings): readonly Part[] {
  const found = [...ownRules, ...(around.rules ?? [])]
    .filter(rule => matches(rule, args))
    .flatMap(rule => rule.endangers)
  const [program] = args.words
  if (program === 'psql' && tellsDestruction(args, command.input ?? around.input, around)) found.push('databases')
  // What is done to files in a container is done to what is mounted there.
  const isFiles = (part: Part) => part === 'code' || part === 'config'
  return [...new Set(around.inside ? found.filter(part => !isFiles(part)) : found)]
}

/** Whether the SQL that psql is given destroys. What cannot be read is taken for the worst. */
function tellsDestruction(args: Arguments, input: Input | undefined, around: Surroundings): boolean {
  const given = (...names: string[]) =>
    args.values.filter(([option]) => names.includes(option)).map(([, value]) => value)
  const [lines, files] = [given('-c', '--command'), given('-f', '--file')]
  if (lines.some(isDestructiveSql)) return true
  const read = (file: string) => (around.inside ? undefined : textOf(path.resolve(around.cwd, file)))
  if (files.filter(file => file !== '-').some(file => isDangerous(read(file)))) return true
  const readsInput = (lines.length === 0 && files.length === 0) || files.includes('-')
  return readsInput && input !== undefined && isDangerous(textOfInput(input, around))
}

const isDangerous = (text: string | undefined) => text === undefined || isDestructiveSql(text)

/** undefined: it cannot be known. */
function textOfInput(input: Input, { cwd }: Surroundings): string | undefined {
  if (input.kind === 'text') return input.text
  if (input.kind === 'file') return textOf(path.resolve(cwd, input.file))
  if (input.kind === 'unknown') return undefined
  const [program, ...rest] = input.command.words
  if (program === 'echo' || program === 'printf') return rest.join(' ')
  if (program !== 'cat') return undefined
  const texts = rest.map(file => textOf(path.resolve(cwd, file)))
  return texts.every(text => text !== undefined) ? texts.join('\n') : undefined
}

// What is larger is a dump: it begins with what it drops, or fills what is there.
const mostRead = 16 << 20

function textOf(file: string): string | undefined {
  try {
    return fs.statSync(file).size > mostRead ? undefined : fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
