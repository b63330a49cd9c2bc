import type { Command } from 'commander'
import { runDemo, type DemoReport } from '../../recovery/operations/index.ts'
import type { Follow } from '../program.ts'
import { durationText, table } from '../words.ts'

interface DemoOptions {
  readonly withoutDocker?: boolean
  readonly keep?: boolean
}

export function demoCommand(program: Command, follow: Follow): void {
  program
    .command('demo')
    .description('build a throwaway application, destroy it, recover it from a vault, and compare every row and byte')
    .option('--without-docker', 'on a PostgreSQL from npm, even where a Docker engine answers')
    .option('--keep', 'leave the folder with the vault behind')
    .addHelpText('after', '\nExamples:\n  aidatavault demo\n  aidatavault demo --without-docker\n')
    .action(({ withoutDocker = false, keep = false }: DemoOptions) =>
      follow(async ({ terminal, tools, run }) => {
        const report = await runDemo({ withoutDocker, keep }, tools, run)
        terminal.result(reportText(report), report)
      }),
    )
}

const names: Record<string, string> = {
  table: 'tables, row for row',
  sequence: 'sequences',
  role: 'roles with their passwords',
  upload: 'uploaded files, byte for byte',
  file: 'files of the project, byte for byte',
  git: 'answers of git: branch, refs, stash, status, staged and unstaged changes',
}

function reportText({ way, steps, proved, folder }: DemoReport): string {
  const total = steps.reduce((sum, { ms }) => sum + ms, 0)
  return [
    '',
    `With ${way}:`,
    table(steps.map(({ step, ms }) => [`  ${step}`, durationText(ms)])),
    '',
    'Destroyed, recovered from the vault alone, and equal:',
    ...Object.entries(proved).map(([kind, count]) => `  ${String(count).padStart(4)} ${names[kind] ?? kind}`),
    '',
    `All matched, in ${durationText(total)}.${folder ? ` The vault is kept in ${folder}.` : ''}`,
  ].join('\n')
}
