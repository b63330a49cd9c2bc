import type { ContentDifference, PointReader } from '../domain/point-content.ts'
import type { Run } from '../domain/run.ts'
import type { Difference, Snapshot, Vault } from '../../vault/index.ts'
import { toFileEntries, toVaultEntries } from './entry-adapter.ts'
import { vaultRun } from './point-writer.ts'

const ignoring = (ignore: readonly string[]) => ({ ignore: ignore as readonly Difference['what'][] })

const plain = (differences: readonly Difference[]): readonly ContentDifference[] =>
  differences.map(({ path, what, expected, found }) => ({
    path,
    what: expected === undefined ? what : `${what}: ${expected} in the point, ${found ?? 'nothing'} here`,
  }))

/** Reads one point for the sources; progress is reported to `run` under `step`. */
export function pointReader(vault: Vault, snapshot: Snapshot, step: string, run: Run): PointReader {
  const inVault = (run: Run) => vaultRun(run, step)
  return {
    exists: async path => (await vault.findNode(snapshot, path)) !== undefined,
    readFile: path => counted(vault.readFile(snapshot, path), step, run),
    entries: path => toFileEntries(vault.entries(snapshot, path)),
    restoreFolder: (path, target, options, run) => vault.restoreFolder(snapshot, path, target, options, inVault(run)),
    compareFolder: async (path, folder, ignore, run) =>
      plain(await vault.compareFolder(snapshot, path, folder, ignoring(ignore), inVault(run))),
    compareEntries: async (path, entries, ignore, run) =>
      plain(await vault.compareEntries(snapshot, path, toVaultEntries(entries), ignoring(ignore), inVault(run))),
  }
}

async function* counted(bytes: AsyncIterable<Uint8Array>, step: string, run: Run): AsyncIterable<Uint8Array> {
  for await (const piece of bytes) {
    run.report({ kind: 'progress', step, bytes: piece.length, files: 0 })
    yield piece
  }
}
