import os from 'node:os'
import { databaseBytes, makeProject, settled, touchPages } from './ways/project.ts'
import { backup, restore } from './ways/ours.ts'
import { copyByHand, dumpByHand, restoreCopyByHand, restoreDumpByHand, type Taken } from './ways/runbook.ts'
import type { Sandbox } from '../test/stack/sandbox.ts'

// Time and downtime of every way to capture a database and to bring it back, beside the runbook's own commands for the
// same, in one run. The runbook checks nothing and keeps nothing; ours include the safety point and every check.
// Run with: node bench/ways.ts [MEGABYTES]   (2000 unless told; root, since the runbook's cp is; about six times that free)

const megabytes = Number(process.argv[2] ?? 2000)

interface Row {
  readonly what: string
  readonly ours: Taken
  readonly byHand: Taken | undefined
}

const seconds = (value: number) => `${value.toFixed(1)} s`.padStart(9)
const taken = (it: Taken | undefined) => (it ? `${seconds(it.seconds)}${seconds(it.downSeconds)}` : ' '.repeat(18))

function print({ what, ours, byHand }: Row): void {
  const ratio = byHand ? `${(ours.seconds / byHand.seconds).toFixed(2)}`.padStart(8) : ''
  console.log(`${what.padEnd(44)}${taken(ours)}${taken(byHand)}${ratio}`)
}

const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`

async function dumps(sandbox: Sandbox): Promise<void> {
  const ours = await backup(sandbox, '--only', 'database')
  await settled(sandbox)
  print({ what: 'dump', ours, byHand: await dumpByHand(sandbox) })
  await settled(sandbox)
  const restored = await restore(sandbox, 'database', 'db/app', '--point', ours.point)
  await settled(sandbox)
  print({ what: 'restore of a dump', ours: restored, byHand: await restoreDumpByHand(sandbox) })
}

async function physical(sandbox: Sandbox): Promise<void> {
  const bytes = await databaseBytes(sandbox)
  const first = await backup(sandbox, '--physical', '--only', 'database')
  print({ what: 'base backup', ours: first, byHand: undefined })
  const idle = await backup(sandbox, '--physical', '--only', 'database')
  print({ what: `  again, idle: ${share(idle.addedBytes, bytes)} new`, ours: idle, byHand: undefined })
  const touched = await touchPages(sandbox, 0.01)
  const second = await backup(sandbox, '--physical', '--only', 'database')
  const what = `  again, ${share(touched, 1)} touched: ${share(second.addedBytes, bytes)} new`
  print({ what, ours: second, byHand: undefined })
  const restored = await restore(sandbox, 'database', 'db', '--physical', '--point', second.point)
  print({ what: 'restore of a base backup', ours: restored, byHand: undefined })
}

async function cold(sandbox: Sandbox): Promise<void> {
  const ours = await backup(sandbox, '--cold')
  await settled(sandbox)
  print({ what: 'cold copy', ours, byHand: await copyByHand(sandbox) })
  const again = await backup(sandbox, '--cold')
  print({ what: '  again, unchanged files not read', ours: again, byHand: undefined })
  await settled(sandbox)
  const restored = await restore(sandbox, 'volume', 'data', '--point', ours.point)
  await settled(sandbox)
  print({ what: 'restore of a cold copy', ours: restored, byHand: await restoreCopyByHand(sandbox) })
}

const sandbox = await makeProject(megabytes)
try {
  const { model } = os.cpus()[0] ?? { model: 'unknown' }
  console.log(`${os.cpus().length} × ${model}, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`)
  console.log(`database: ${((await databaseBytes(sandbox)) / 1e6).toFixed(0)} MB of pgbench's tables\n`)
  console.log(
    `${' '.repeat(44)}${'ours'.padStart(9)}${'down'.padStart(9)}${'by hand'.padStart(9)}${'down'.padStart(9)}   ratio`,
  )
  await dumps(sandbox)
  await physical(sandbox)
  await cold(sandbox)
} finally {
  await sandbox.end()
}
