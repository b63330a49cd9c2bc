import type { Command } from 'commander'
import { planVolume, restoreVolume } from '../../../recovery/operations/index.ts'
import type { Context } from '../../context.ts'
import type { Follow } from '../../program.ts'
import { carryOut, inRestoration, withRestoreOptions, type RestoreOptions } from './frame.ts'

interface VolumeOptions extends RestoreOptions {
  readonly into?: string
}

export function addRestoreVolume(parent: Command, follow: Follow): void {
  withRestoreOptions(
    parent
      .command('volume <NAME>')
      .description("one volume or bind mount, by Compose's key, by its name, or by its path")
      .option(
        '--into <NAME>',
        'a new volume of this name, or with a slash in it a new folder; nothing else is touched',
      ),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault restore volume uploads --plan\n  aidatavault restore volume ./data/uploads --point 2026-03-01\n  aidatavault restore volume uploads --into /tmp/uploads\n',
    )
    .action((volume: string, options: VolumeOptions) => follow(context => runVolume(volume, options, context)))
}

const runVolume = (volume: string, options: VolumeOptions, context: Context): Promise<void> =>
  inRestoration(context, { reads: options.plan ?? false }, async restoration => {
    const { point, accept = [], into, plan = false } = options
    const request = { volume, point, accept, compare: plan, ...(into === undefined ? {} : { into }) }
    await carryOut(await planVolume(request, restoration), options, context, planned =>
      restoreVolume(planned, restoration),
    )
  })
