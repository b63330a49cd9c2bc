import path from 'node:path'
import type { Command } from 'commander'
import { metricsText, writeMetrics } from '../../recovery/operations/index.ts'
import type { Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { assertPlace } from '../recorded.ts'

export function metricsCommand(program: Command, follow: Follow): void {
  program
    .command('metrics')
    .description(
      'figures for Prometheus from the run history: last success, age, duration, bytes, RPO, RTO, proof, next run',
    )
    .option('--write <FILE>', 'into a file, whole at any moment: for the textfile collector of the node exporter')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault metrics\n  aidatavault metrics --write /var/lib/node_exporter/textfile/shop.prom\n',
    )
    .action((options: { write?: string }) => follow(context => runMetrics(options, context)))
}

async function runMetrics({ write }: { write?: string }, context: Context): Promise<void> {
  const { terminal, run } = context
  const place = await assertPlace(context)
  const now = run.clock.now()
  if (write === undefined) {
    const text = await metricsText(place, now)
    return terminal.result(text.trimEnd(), { text })
  }
  const file = path.resolve(write)
  const text = await writeMetrics(place, file, now)
  terminal.result(`written to ${file}`, { file, bytes: Buffer.byteLength(text) })
}
