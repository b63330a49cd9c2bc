import fs from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Option, type Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import { step } from '../../recovery/domain/run.ts'
import {
  assertFree,
  backupName,
  exportFormats,
  exportPart,
  stamp,
  whileReading,
  withExportedDatabase,
  writeOut,
  type ExportedPart,
  type ExportFormat,
  type Outgoing,
} from '../../recovery/operations/index.ts'
import type { Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { sizeText } from '../words.ts'
import { inRestoration } from './restore/frame.ts'

interface ExportOptions {
  readonly point: string
  readonly accept?: string[]
  readonly output?: string
  readonly force?: boolean
}

interface DatabaseOptions extends ExportOptions {
  readonly live?: boolean
  readonly format: ExportFormat
  readonly clean?: boolean
  readonly create?: boolean
  readonly owner: boolean
  readonly compress?: string
  readonly globals?: boolean
}

const examples = `
Examples:
  aidatavault export                                     the only database, newest point, as backup_20231027_143000.sql
  aidatavault export database db/app --live --compress gzip
  aidatavault export database db/app --point 2026-03-01 --format custom -o app.dump
  aidatavault export database db/app -o - | psql …
  aidatavault export config server/.env -o server/.env.of-march --point 2026-03-01
  aidatavault export volume uploads -o uploads.tar
`

const repeat = (value: string, values: string[] = []) => [...values, value]

const withExportOptions = (command: Command): Command =>
  command
    .option('--point <POINT>', 'an id, the beginning of one, latest, or a time: the newest until then', 'latest')
    .option('--accept <DIFFERENCE>', 'a point of another project=NAME or host=NAME is meant; may be repeated', repeat)
    .option(
      '-o, --output <FILE>',
      'a file, or a folder to put one in; - is the standard output; otherwise a name with the date, in this folder',
    )
    .option('--force', 'over a file that is there')

/** Out of the vault into plain files, which need nothing of this program. */
export function exportCommand(program: Command, follow: Follow): void {
  const parent = program
    .command('export')
    .description('write plain files out of a point: dumps as pg_dump writes them, configuration, volumes, code')
    .addHelpText('after', examples)
  const database = parent
    .command('database [SERVICE/DATABASE]', { isDefault: true })
    .description('a database of a point, or the living one, as pg_dump writes it')
    .addOption(new Option('--live', 'the database as it is now'))
    .addOption(
      new Option('--format <FORMAT>', 'plain, custom, tar or directory').choices(exportFormats).default('plain'),
    )
    .option('--clean', 'plain: drops what is there first')
    .option('--create', 'plain: makes the database itself')
    .option('--no-owner', 'plain: whoever restores it owns everything')
    .addOption(new Option('--compress <METHOD>', 'gzip').choices(['gzip']))
    .option('--globals', "the server's roles, instead of a database")
  withExportOptions(database).action((what: string | undefined, options: DatabaseOptions) =>
    follow(context => runDatabase(what, options, context)),
  )
  for (const [part, words, description] of parts)
    withExportOptions(parent.command(`${part}${words}`).description(description)).action(
      (...[first, second]: [string | ExportOptions | undefined, ExportOptions | undefined]) => {
        const [name, options] = typeof first === 'object' ? [undefined, first] : [first, second!]
        return follow(context => runPart(part, name, options, context))
      },
    )
}

const parts: readonly (readonly [ExportedPart, string, string])[] = [
  ['config', ' [FILE]', 'one configuration file, or all of them in a folder'],
  ['volume', ' <NAME>', 'the files of a volume, as a tar'],
  ['code', '', 'the code, as a tar: the bundle to clone from, and what differs from its commit'],
]

async function runDatabase(what: string | undefined, options: DatabaseOptions, context: Context): Promise<void> {
  const { format, clean = false, create = false, owner, globals = false, live } = options
  const gzip = options.compress === 'gzip'
  if (format !== 'plain' && (clean || create || !owner))
    throw new RecoveryError('bad-input', '--clean, --create and --no-owner are for --format plain', {
      hint: 'with the other formats, pg_restore takes them when it restores',
    })
  if (format === 'directory' && (options.output === '-' || gzip))
    throw new RecoveryError('bad-input', 'a folder cannot be compressed as a whole, nor go to the standard output', {
      hint: 'take --format tar',
    })
  const from = live ? 'live' : { point: options.point, accept: options.accept ?? [] }
  const request = { what, from, format, clean, create, noOwner: !owner, gzip, globals } as const
  const name = (at: Date) => (globals ? `roles_${stamp(at)}.sql${gzip ? '.gz' : ''}` : backupName(at, format, gzip))
  // What makes a throwaway database or server on the way has to be alone in the project.
  const reads = from === 'live'
  await inRestoration(context, { reads }, restoration => {
    const work = () =>
      withExportedDatabase(request, restoration, exported => write(exported, name(exported.at), options, context))
    return live ? work() : whileReading(restoration.vault, context.run, work)
  })
}

async function runPart(
  part: ExportedPart,
  name: string | undefined,
  options: ExportOptions,
  context: Context,
): Promise<void> {
  const choice = { point: options.point, accept: options.accept ?? [] }
  await inRestoration(context, { reads: true }, async restoration => {
    const exported = await exportPart({ part, name, choice }, restoration)
    const isFolder = exported.outgoing.kind === 'folder'
    if (isFolder && options.output === '-')
      throw new RecoveryError('bad-input', 'several files cannot go to the standard output', {
        hint: 'name one of them',
      })
    const ending = part === 'config' ? '' : '.tar'
    const file = `${path.basename(name ?? part)}_${stamp(exported.at)}${ending}`
    await whileReading(restoration.vault, context.run, () => write(exported, file, options, context))
  })
}

interface Exported {
  readonly what: string
  readonly outgoing: Outgoing
}

async function write(
  { what, outgoing }: Exported,
  name: string,
  options: ExportOptions,
  context: Context,
): Promise<void> {
  const { terminal, run } = context
  if (options.output === '-') return toStandardOutput(outgoing)
  const place = { target: await targetOf(options.output, name), force: options.force ?? false }
  await assertFree(place)
  const bytes = await step(run, `export of ${what}`, () => writeOut(outgoing, place, run), { detail: sizeText })
  terminal.result(place.target, { what, file: place.target, bytes })
}

/** Dumps and secrets are for a file or another program: on a terminal nobody wants to see them. */
async function toStandardOutput(outgoing: Outgoing): Promise<void> {
  if (outgoing.kind !== 'stream') throw new RecoveryError('bad-input', 'a folder cannot go to the standard output')
  if (process.stdout.isTTY)
    throw new RecoveryError('bad-input', 'this is not for a terminal: it may hold secrets', {
      hint: 'send it into a file or a program: aidatavault export … -o - | …',
    })
  await Promise.all([pipeline(outgoing.bytes, process.stdout, { end: false }), outgoing.finished])
}

/** In a folder that is there, a file under its usual name. */
async function targetOf(output: string | undefined, name: string): Promise<string> {
  const target = path.resolve(output ?? name)
  const found = output === undefined ? undefined : await fs.stat(target).catch(() => undefined)
  return found?.isDirectory() ? path.join(target, name) : target
}
