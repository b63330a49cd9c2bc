import type { Command } from 'commander'
import { RecoveryError } from '../../../recovery/domain/errors.ts'
import { kitSheet, kitText, type KitSheet, type KitVaults, type Project } from '../../../recovery/operations/index.ts'
import { assertVaultKnown, configuredVaults, findProject, type Context } from '../../context.ts'
import type { Follow } from '../../program.ts'
import { addKitCheck } from './check.ts'
import { findCodes } from './find-codes.ts'
import { assertFiles, writeKits } from './files.ts'
import { withNewCode } from './new-code.ts'
import { terminalQr } from './terminal-qr.ts'

/** What `kit` was asked for. */
export interface KitOptions {
  readonly out?: string[]
  readonly codeFrom?: string[]
  readonly newCode?: boolean
  readonly removeOld?: boolean
  readonly blank?: boolean
  readonly plan?: boolean
  readonly yes?: boolean
}

const repeat = (value: string, values: string[] = []) => [...values, value]

export function kitCommand(program: Command, follow: Follow): void {
  const kit = program
    .command('kit')
    .description('print the recovery kit: the one page that brings everything back on an empty machine')
    .option('--out <FILE>', 'write it into a file: .html, .pdf or .txt; may be repeated', repeat)
    .option(
      '--code-from <FILE>',
      'the recovery code from an earlier kit, or a file with it; - for stdin; may be repeated',
      repeat,
    )
    .option('--new-code', 'make a new recovery code, one for all vaults of the kit')
    .option('--remove-old', 'with --new-code: the codes that were there open nothing any more')
    .option('--blank', 'with an empty field, to write the code in by hand')
    .option('--plan', 'show what would be done, then stop')
    .option('-y, --yes', 'do not ask; replace files that are there')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault kit --out kit.pdf\n  aidatavault kit --new-code --out ~/kit.html\n  aidatavault kit --code-from old-kit.txt --out kit.pdf\n  aidatavault kit check kit.pdf\n',
    )
    .action((options: KitOptions) => follow(context => runKit(options, context)))
  addKitCheck(kit, follow)
}

async function runKit(options: KitOptions, context: Context): Promise<void> {
  assertOneWay(options)
  const project = await findProject(context)
  const locations = configuredVaults(context, project)
  assertVaultKnown(locations[0])
  const files = await assertFiles(options, project, locations, context)
  const print = (vaults: readonly KitVaults[], code: CodeKind) =>
    show(kitSheet(project, vaults, new Date()), files, { project, code }, context)
  if (options.newCode)
    return withNewCode(locations, project, options, context, code => print([{ locations, code }], 'new'))
  if (options.plan) return plan(project, locations, files, options.blank ?? false, context)
  if (options.blank) return print([{ locations, code: undefined }], 'blank')
  await print(await findCodes(locations, options.codeFrom ?? [], context), 'given')
}

type CodeKind = 'new' | 'given' | 'blank'

function assertOneWay({ newCode, blank, codeFrom, removeOld }: KitOptions): void {
  const ways = [newCode, blank, codeFrom].filter(Boolean).length
  if (ways > 1)
    throw new RecoveryError('bad-input', 'the kit has a new code, a given one, or an empty field', {
      hint: 'say one of --new-code, --code-from and --blank',
    })
  if (removeOld && !newCode)
    throw new RecoveryError('bad-input', '--remove-old would leave the vaults without a recovery code', {
      hint: 'say --new-code too',
    })
}

/** Secrets go into files and onto paper, and into no document for programs. */
async function show(
  sheet: KitSheet,
  files: readonly string[],
  { project, code }: { readonly project: Project; readonly code: CodeKind },
  context: Context,
): Promise<void> {
  const { terminal } = context
  await writeKits(sheet, files, context)
  const text =
    files.length === 0 ? `${kitText(sheet)}${await terminalQr(sheet, terminal)}` : files.map(written).join('\n')
  terminal.result(text.trimEnd(), {
    project: project.facts.name,
    projectId: project.facts.id,
    vaults: sheet.vaults.flatMap(({ locations }) => locations),
    code,
    files,
  })
  if (code === 'blank')
    terminal.warn('the field of the recovery code is empty: until it is written in, this kit opens nothing')
  if (files.length > 0 && code !== 'blank')
    terminal.say('Whoever reads it can open the vaults: print it, then keep it or delete it.')
}

const written = (file: string) => `written: ${file}`

function plan(
  project: Project,
  locations: readonly string[],
  files: readonly string[],
  blank: boolean,
  { terminal }: Context,
): void {
  const field = blank ? 'with an empty field' : 'with the recovery code that is given'
  const where = files.length === 0 ? 'would print' : `would write ${files.join(', ')}:`
  terminal.result(
    `${where} the kit of ${project.facts.name} ${field}, for\n${locations.map(place => `  ${place}`).join('\n')}`,
    {
      project: project.facts.name,
      projectId: project.facts.id,
      vaults: locations,
      code: blank ? 'blank' : 'given',
      files,
    },
  )
}
