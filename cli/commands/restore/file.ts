import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { planFile, readPlannedFile, restoreFile } from '../../../recovery/operations/index.ts'
import type { Context } from '../../context.ts'
import type { Follow } from '../../program.ts'
import { carryOut, inRestoration, withRestoreOptions, type RestoreOptions } from './frame.ts'

interface FileOptions extends RestoreOptions {
  readonly into?: string
}

export function addRestoreFile(parent: Command, follow: Follow): void {
  withRestoreOptions(
    parent
      .command('file <PATH...>')
      .description('single files: of the code, of the configuration, of mounted folders, or of a volume as VOLUME:PATH')
      .option('--into <FILE>', 'a new file, a folder that is there, or - for stdout; nothing else is touched'),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault restore file src/app.js --point 2026-03-01\n  aidatavault restore file uploads:2026/report.pdf --into /tmp\n  aidatavault restore file server/.env --into - | less\n',
    )
    .action((paths: string[], options: FileOptions) => follow(context => runFile(paths, options, context)))
}

const runFile = (paths: string[], options: FileOptions, context: Context): Promise<void> =>
  inRestoration(context, { reads: (options.plan ?? false) || options.into === '-' }, async restoration => {
    const { point, accept = [], into } = options
    const isOut = into === '-'
    const beside = into === undefined || isOut ? {} : { into: path.resolve(into) }
    const plan = await planFile({ paths, folder: process.cwd(), point, accept, ...beside }, restoration)
    if (isOut && !options.plan)
      return readPlannedFile(plan, restoration, bytes => pipeline(Readable.from(bytes), process.stdout, { end: false }))
    await carryOut(plan, options, context, planned => restoreFile(planned, restoration))
  })
