import type { Command } from 'commander'
import { importFile, shortId, type ImportedPoint } from '../../recovery/operations/index.ts'
import type { Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { table, timeText } from '../words.ts'
import { inRestoration } from './restore/frame.ts'

interface ImportOptions {
  readonly as?: string
  readonly allowUnsafe?: boolean
  readonly plan?: boolean
}

export function importCommand(program: Command, follow: Follow): void {
  program
    .command('import <FILE...>')
    .description(
      'take old backups into the vault, each as a point of its own date: dumps of pg_dump and pg_dumpall, copied data directories',
    )
    .option('--as <SERVICE/DATABASE>', 'the database that the file is of, where it does not say so itself')
    .option('--allow-unsafe', 'although the file has statements that may run programs or touch files')
    .option('--plan', 'look the files through, then stop')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault import backup_20231027_143000.sql\n  aidatavault import --as db/app old/*.sql.gz\n  aidatavault import --plan /backups/db.dump\n',
    )
    .action((files: string[], options: ImportOptions) => follow(context => runImport(files, options, context)))
}

async function runImport(files: readonly string[], options: ImportOptions, context: Context): Promise<void> {
  const { as, allowUnsafe = false, plan = false } = options
  const done: ImportedPoint[] = []
  await inRestoration(context, { reads: plan }, async restoration => {
    for (const file of files) done.push(await importFile({ file, as, allowUnsafe, plan }, restoration))
  })
  context.terminal.result(
    reportText(done, plan),
    done.map(({ date, ...one }) => ({ ...one, date: date.at.toISOString(), dateFrom: date.from })),
  )
}

function reportText(done: readonly ImportedPoint[], plan: boolean): string {
  const rows = done.map(({ file, date, databases, point, isNew }) => [
    ...[file, `${timeText(date.at)} (by ${date.from})`, databases.join(', ')],
    point === null ? 'would be imported' : `${isNew ? 'point' : 'in the vault already: point'} ${shortId(point)}`,
  ])
  const told = table([['FILE', 'OF', 'HOLDS', 'POINT'], ...rows])
  return plan ? `${told}\nNothing was done.` : told
}
