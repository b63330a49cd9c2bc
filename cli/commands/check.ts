import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import type { CheckReport, DamagedPoint, Problem } from '../../recovery/operations/index.ts'
import { checkVault, shortId, type RunFacts } from '../../recovery/operations/index.ts'
import { assertVaultKnown, configuredVaults, projectIfAny, vaultLocation, type Context } from '../context.ts'
import { assertInEach, factsOfEach, inEachVault, saidOfEach, vaultOf, type Said } from '../each-vault.ts'
import type { Follow } from '../program.ts'
import { withVaults } from '../other-vault.ts'
import { recorded } from '../recorded.ts'
import { plural, sizeText, timeText } from '../words.ts'

export function checkCommand(program: Command, follow: Follow): void {
  program
    .command('check [VAULT]')
    .description(
      'verify the vault: everything a point needs is there; with --read-data also that every byte is as it was written',
    )
    .option('--read-data', 'read and verify every pack')
    .addHelpText('after', '\nExamples:\n  aidatavault check\n  aidatavault check /mnt/backup/vault --read-data\n')
    .action((vault: string | undefined, options: { readData?: boolean }) =>
      follow(context => {
        const { readData = false } = options
        const work = (own: Context, tell: (facts: RunFacts) => void) => runCheck(vault, readData, own, tell)
        return recorded('check', { ...context, readsAll: readData }, work)
      }),
    )
}

async function runCheck(
  named: string | undefined,
  readData: boolean,
  context: Context,
  tell: (facts: RunFacts) => void,
): Promise<void> {
  const locations = named ? [vaultLocation(named)] : configuredVaults(context, await projectIfAny(context))
  assertVaultKnown(locations[0])
  tell({ vault: locations[0] })
  const done = await withVaults(context, locations, opened =>
    inEachVault(opened, context.run.signal, async place =>
      saidOf(await checkVault(vaultOf(place), readData, context.run), place.location, readData),
    ),
  )
  tell(factsOfEach(done))
  const { text, json } = saidOfEach(done)
  context.terminal.result(text, json)
  assertInEach(done)
}

function saidOf(report: CheckReport, location: string, readData: boolean): Said {
  const damage = report.problems.filter(({ severity }) => severity === 'damage').length
  return {
    text: reportText(report, damage, readData),
    json: {
      ...report,
      points: report.points.map(({ time, ...point }) => ({ ...point, time: time?.toISOString() ?? null })),
      readData,
      damaged: damage > 0,
    },
    ...(damage > 0 ? { failure: damaged(location, damage) } : {}),
  }
}

const damaged = (location: string, problems: number) =>
  new RecoveryError(
    'vault-damaged',
    `the vault is damaged: ${plural(problems, 'problem')} in ${location}, listed above`,
    {
      hint: 'points that are not named above are whole; look at the disk the vault is on, take a new point, and mend what can be with: aidatavault repair',
    },
  )

function reportText(report: CheckReport, damaged: number, readData: boolean): string {
  const what = `${plural(report.snapshots, 'point')}, ${plural(report.packs, 'pack')}${readData ? `, ${sizeText(report.bytesRead)} read and verified` : ''}`
  const verdict = damaged > 0 ? 'DAMAGED' : 'no damage found'
  const note = readData || damaged > 0 ? [] : ['(structure only; --read-data also verifies every byte)']
  return [...report.problems.map(problemText), ...report.points.map(pointText), `${what}: ${verdict}`, ...note].join(
    '\n',
  )
}

/** In the words of the project: which points are not whole, and what of them. */
const pointText = ({ id, time, parts }: DamagedPoint): string =>
  time
    ? `not whole  point ${shortId(id)} of ${timeText(time)}: ${parts.join(', ')}`
    : `not whole  point ${shortId(id)}: it cannot be read at all`

function problemText({ severity, file, message, snapshots }: Problem): string {
  const touched = snapshots.length === 0 ? '' : ` (touches ${snapshots.map(shortId).join(', ')})`
  return `${severity === 'damage' ? 'damage' : 'hint  '}  ${file ? `${file}: ` : ''}${message}${touched}`
}
