import fs from 'node:fs'
import { bytesBelow, touchFiles, touchPages, warm, type BenchData } from './data.ts'
import { measure, type Command, type Measured } from './measure.ts'
import type { Tool, ToolName } from './tools.ts'

/** One thing that a tool did in one round. */
export interface Result extends Measured {
  readonly phase: string
  readonly round: number
  readonly tool: ToolName
  /** What its vault takes afterwards. */
  readonly vaultBytes: number
}

interface Step {
  readonly phase: string
  /** Before any tool's turn. */
  readonly change?: (round: number) => void
  readonly newVault?: boolean
  readonly command: (tool: Tool) => Command
  /** What is in the page cache for all. */
  readonly reads: (tool: Tool) => string
}

/** Steps that build on each other: a step wants all before it. */
export type Chain = readonly Step[]

/** Everything that is measured. */
export function chainsOf(data: BenchData): Chain[] {
  const { folder, table, tableFolder } = data
  const vault = (tool: Tool) => tool.vault
  const restore = (phase: string): Step => ({
    phase,
    reads: vault,
    command: tool => {
      fs.mkdirSync(tool.target, { recursive: true })
      return tool.restore()
    },
  })
  const backup = (phase: string, from: () => string, more: Partial<Step> = {}): Step => ({
    phase,
    reads: from,
    command: tool => tool.backup(from()),
    ...more,
  })
  const newVault = { newVault: true }
  return [
    [
      backup('first', () => folder, newVault),
      backup('unchanged', () => folder),
      backup('changed', () => folder, { change: round => touchFiles(folder, round) }),
      { phase: 'check', reads: vault, command: tool => tool.check() },
      restore('restore'),
      restore('restore-again'),
    ],
    [
      backup('file', () => tableFolder, newVault),
      backup('pages', () => tableFolder, { change: round => touchPages(table, round) }),
    ],
    [{ phase: 'stream', reads: () => table, command: tool => tool.backupStream(table), ...newVault }],
    [backup('small-files', () => data.smallFiles(), newVault), restore('small-restore')],
  ]
}

/** The chains, each cut behind its last wanted step. */
export function wantedOf(chains: readonly Chain[], only: readonly string[]): Chain[] {
  if (only.length === 0) return [...chains]
  const unknown = only.filter(phase => !chains.flat().some(step => step.phase === phase))
  if (unknown.length > 0)
    throw new Error(
      `no phase ${unknown.join()}; there are ${chains
        .flat()
        .map(({ phase }) => phase)
        .join()}`,
    )
  return chains
    .map(chain => chain.slice(0, 1 + chain.findLastIndex(({ phase }) => only.includes(phase))))
    .filter(chain => chain.length > 0)
}

/** One round: each step by each tool right after the other, who begins being another each time. */
export async function runRound(
  chain: Chain,
  tools: readonly Tool[],
  round: number,
  onResult: (result: Result) => void,
): Promise<void> {
  const turn = tools.map((_, i) => tools[(i + round) % tools.length]!)
  for (const step of chain) {
    step.change?.(round)
    for (const tool of turn) {
      if (step.newVault) tool.renew()
      warm(step.reads(tool))
      const measured = await measure(step.command(tool))
      onResult({ phase: step.phase, round, tool: tool.name, ...measured, vaultBytes: bytesBelow(tool.vault) })
    }
  }
  for (const tool of tools) if (fs.existsSync(tool.target)) fs.renameSync(tool.target, `${tool.target}-${round}`)
}

/**
 * Removes what was restored, when no round is left. For minutes after, ext4 steps over the inodes of each removed file one
 * by one whenever it makes a new one: a restore then takes up to twice the time, and whose turn it is matters.
 */
export function removeRestored(tools: readonly Tool[], rounds: number): void {
  for (const { target } of tools)
    for (let round = 0; round < rounds; round++) fs.rmSync(`${target}-${round}`, { recursive: true, force: true })
}
