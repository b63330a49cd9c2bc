import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import type { CheckReport, Problem } from '../../recovery/operations/index.ts'
import { checkVault, shortId } from '../../recovery/operations/index.ts'
import { configuredVault, projectIfAny, vaultLocation, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { plural, sizeText } from '../words.ts'

export function checkCommand(program: Command, follow: Follow): void {
  program
    .command('check [VAULT]')
    .description(
      'verify the vault: everything a point needs is there; with --read-data also that every byte is as it was written',
    )
    .option('--read-data', 'read and verify every pack')
    .addHelpText('after', '\nExamples:\n  aidatavault check\n  aidatavault check /mnt/backup/vault --read-data\n')
    .action((vault: string | undefined, options: { readData?: boolean }) =>
      follow(context => runCheck(vault, options.readData ?? false, context)),
    )
}

async function runCheck(named: string | undefined, readData: boolean, context: Context): Promise<void> {
  const location = named ? vaultLocation(named) : configuredVault(context, await projectIfAny(context))
  const report = await withVault(context, location, vault => checkVault(vault, readData, context.run))
  const damage = report.problems.filter(({ severity }) => severity === 'damage')
  context.terminal.result(reportText(report, damage.length, readData), {
    ...report,
    readData,
    damaged: damage.length > 0,
  })
  if (damage.length > 0)
    throw new RecoveryError(
      'vault-damaged',
      `the vault is damaged: ${plural(damage.length, 'problem')}, listed above`,
      {
        hint: 'points that are not named above are whole; take a new point now, and look at the disk the vault is on',
      },
    )
}

function reportText(report: CheckReport, damaged: number, readData: boolean): string {
  const what = `${plural(report.snapshots, 'point')}, ${plural(report.packs, 'pack')}${readData ? `, ${sizeText(report.bytesRead)} read and verified` : ''}`
  const verdict = damaged > 0 ? 'DAMAGED' : 'no damage found'
  const note = readData || damaged > 0 ? [] : ['(structure only; --read-data also verifies every byte)']
  return [...report.problems.map(problemText), `${what}: ${verdict}`, ...note].join('\n')
}

function problemText({ severity, file, message, snapshots }: Problem): string {
  const touched = snapshots.length === 0 ? '' : ` (touches ${snapshots.map(shortId).join(', ')})`
  return `${severity === 'damage' ? 'damage' : 'hint  '}  ${file ? `${file}: ` : ''}${message}${touched}`
}
