import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { bytesBelow, countFiles, makeData } from './engine/data.ts'
import { describeMachine } from './engine/machine.ts'
import { chainsOf, removeRestored, runRound, wantedOf, type Result } from './engine/phases.ts'
import { tableOf } from './engine/table.ts'
import { openTools, type Tool, type ToolName } from './engine/tools.ts'

// The vault's engine beside restic and borg: on the same data, in one run, who begins being another in each round.
//
//   npm run bench -- [--rounds N] [--only PHASE,…] [--megabytes N] [--tools ours,restic,borg] [--folder F]
//
// 2000 megabytes and 5 rounds unless told. The peers come through test/bed/. With --folder the data stays there for the next
// run. A whole run of all phases is written to bench/results/engine.md. It needs room for what every tool restores in every
// round: 40 GB.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    megabytes: { type: 'string', default: '2000' },
    tools: { type: 'string', default: 'ours,restic,borg' },
    folder: { type: 'string' },
  },
})
const [rounds, megabytes] = [Number(values.rounds), Number(values.megabytes)]
const names = values.tools.split(',') as ToolName[]
const only = values.only.split(',').filter(Boolean)

bringPeers()
const top = values.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-bench-'))
fs.mkdirSync(top, { recursive: true })
// The database server is another user.
fs.chmodSync(top, 0o755)
try {
  const data = makeData(top, megabytes)
  const tools = await openTools(path.join(top, 'tools'), names)
  const results: Result[] = []
  for (const chain of wantedOf(chainsOf(data), only)) {
    for (let round = 0; round < rounds; round++) await runRound(chain, tools, round, result => note(results, result))
    removeRestored(tools, rounds)
  }
  const wanted = results.filter(({ phase }) => only.length === 0 || only.includes(phase))
  const report =
    describe(tools, data.folder) +
    tableOf(
      wanted,
      names.filter(name => name !== 'ours'),
    )
  console.log(report)
  if (only.length === 0) fs.writeFileSync(path.join(import.meta.dirname, 'results/engine.md'), report)
} finally {
  fs.rmSync(path.join(top, 'tools'), { recursive: true, force: true })
  if (!values.folder) fs.rmSync(top, { recursive: true, force: true })
}

function note(results: Result[], result: Result): void {
  const { phase, round, tool, seconds, cpuSeconds, peakBytes, vaultBytes } = result
  const sizes = `${(peakBytes / 2 ** 20).toFixed(0).padStart(5)} MiB  vault ${(vaultBytes / 1e6).toFixed(1)} MB`
  const times = `${seconds.toFixed(2).padStart(7)} s ${cpuSeconds.toFixed(2).padStart(7)} CPU s`
  console.error(`${round + 1} ${phase.padEnd(14)} ${tool.padEnd(7)}${times}  ${sizes}`)
  results.push(result)
}

/** The bed has them; with its folder of programs in front, restic is the one of 0.18. */
function bringPeers(): void {
  const bed = path.join(import.meta.dirname, '../test/bed')
  execFileSync(path.join(bed, 'make'), ['peers'], { stdio: ['ignore', 'ignore', 'inherit'] })
  const folder = /^export PATH=(.*):\$PATH$/m.exec(execFileSync(path.join(bed, 'env'), { encoding: 'utf8' }))![1]!
  process.env['PATH'] = `${folder}:${process.env['PATH']}`
}

function describe(tools: readonly Tool[], folder: string): string {
  const peers = tools.map(({ name, version }) => `${name}: ${version}`).join('; ')
  return `# The engine beside its peers

\`npm run bench -- --rounds ${rounds} --megabytes ${megabytes}\` on ${new Date().toISOString().slice(0, 10)}: ${describeMachine(folder)}.
${peers}.

${(bytesBelow(folder) / 1e9).toFixed(2)} GB in ${countFiles(folder)} files (a data directory of PostgreSQL after pgbench, a source tree,
incompressible files), one file of ${(megabytes / 2000).toFixed(2)} GB (a table of PostgreSQL), and ${megabytes * 150} files of 0.5 to 3 KB. Page cache warm,
vaults on the same local disk, zstd level 3 (restic: auto; borg: zstd,3 and repokey). Ours syncs every file of the vault, and what it
restores, to the disk.

**How to read it:** "ours" is seconds and memory of ours; a peer's figures are multiples of ours, so 2.00 means that it took twice
the time, CPU time, memory or space. Medians of ${rounds} rounds, in each of which all tools took turns on the same data.

`
}
