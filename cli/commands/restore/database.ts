import type { Command } from 'commander'
import { RecoveryError } from '../../../recovery/domain/errors.ts'
import {
  planDatabase,
  planDatabaseFromFile,
  planTables,
  restoreDatabase,
  restoreTables,
  type DatabaseRequest,
} from '../../../recovery/operations/index.ts'
import type { Context } from '../../context.ts'
import type { Follow } from '../../program.ts'
import { runPhysical } from './physical.ts'
import { carryOut, inRestoration, withRestoreOptions, type RestoreOptions } from './frame.ts'

interface DatabaseOptions extends RestoreOptions {
  readonly into?: string
  readonly table?: string[]
  readonly schemaOnly?: boolean
  readonly dataOnly?: boolean
  readonly safetyPoint: boolean
  readonly physical?: boolean
  readonly reconcilePasswords?: boolean
  readonly from?: string
  readonly allowUnsafe?: boolean
}

const examples = `
Examples:
  aidatavault restore database                          the only one there is, from the newest point
  aidatavault restore database db/app --plan            what it would change, table by table
  aidatavault restore database db/app --point 2026-03-01T14:30
  aidatavault restore database db --physical             the whole server, from a physical capture
  aidatavault restore database db/app --table orders --table order_lines
  aidatavault restore database db/app --into app_before beside the present one, which stays as it is
  aidatavault restore database db/app --from backup_20231027_143000.sql
`

export function addRestoreDatabase(parent: Command, follow: Follow): void {
  const command = parent
    .command('database [SERVICE/DATABASE]')
    .description('a PostgreSQL database: made anew beside, checked, then exchanged with the present one, which is kept')
    .option('--into <NAME>', 'into a new database of this name, beside the present one')
    .option(
      '--from <FILE>',
      'from a dump that pg_dump or pg_dumpall wrote (plain, -Fc, -Ft, -Fd; also compressed), instead of a point',
    )
    .option('--allow-unsafe', 'with --from: although the file has statements that may run programs or touch files')
    .option(
      '--table <TABLE>',
      'only this table ([SCHEMA.]TABLE), in one transaction; may be repeated',
      (table: string, tables: string[] = []) => [...tables, table],
    )
    .option('--schema-only', 'without any rows')
    .option('--data-only', 'the rows alone, in the schema that the database has today')
    .option('--physical', 'the whole server from its data directory, which a physical capture took')
    .option(
      '--reconcile-passwords',
      "with --physical: roles whose logins are refused then get the project's password of today",
    )
    .option('--no-safety-point', 'although what is there now cannot be captured any more')
  withRestoreOptions(command)
    .addHelpText('after', examples)
    .action((what: string | undefined, options: DatabaseOptions) =>
      follow(context => runnerFor(options)(what, options, context)),
    )
}

const runnerFor = ({ physical, table }: DatabaseOptions) => (physical ? runPhysical : table ? runTables : runDatabase)

async function runTables(what: string | undefined, options: DatabaseOptions, context: Context): Promise<void> {
  if (options.into !== undefined || options.schemaOnly || options.dataOnly || options.from !== undefined)
    throw new RecoveryError('bad-input', '--table goes with none of --into, --from, --schema-only and --data-only', {
      hint: 'bring the whole database back beside with --into, and take of it what you want',
    })
  const { point, accept = [], table: tables = [], safetyPoint } = options
  await inRestoration(context, { reads: options.plan ?? false }, async restoration => {
    const plan = await planTables({ choice: { point, accept }, what, tables, safetyPoint }, restoration)
    if (plan.safety === null) context.terminal.warn('NO SAFETY POINT is taken: nothing can take this back')
    await carryOut(plan, options, context, confirmed => restoreTables(confirmed, restoration))
  })
}

async function runDatabase(what: string | undefined, options: DatabaseOptions, context: Context): Promise<void> {
  const request = requestOf(what, options)
  await inRestoration(context, { reads: options.plan ?? false }, async restoration => {
    const { from: file, allowUnsafe = false } = options
    const plan =
      file === undefined
        ? await planDatabase(request, restoration)
        : await planDatabaseFromFile({ file, allowUnsafe }, request, restoration)
    if (plan.destructive && plan.safety === null)
      context.terminal.warn('NO SAFETY POINT is taken: only the old database itself, kept beside, can take this back')
    await carryOut(plan, options, context, confirmed => restoreDatabase(confirmed, restoration))
  })
}

function requestOf(what: string | undefined, options: DatabaseOptions): DatabaseRequest {
  if (options.schemaOnly && options.dataOnly)
    throw new RecoveryError('bad-input', '--schema-only and --data-only exclude each other', {
      hint: 'leave both out for all of it',
    })
  return {
    choice: { point: options.point, accept: options.accept ?? [] },
    ...{ what, into: options.into, safetyPoint: options.safetyPoint },
    part: options.schemaOnly ? 'schema' : options.dataOnly ? 'data' : 'whole',
  }
}
