import type { Manifest } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import type { Run } from '../../domain/run.ts'
import type { Snapshot, TreeNode, Vault } from '../../../vault/index.ts'
import { vaultRun } from '../point-writer.ts'

/**
 * L1: every byte that the point needs is read and verified, and what its manifest names is there, as much of it as it says. A point
 * can be whole as the vault goes, and hold less than was captured.
 */
export async function checkIntegrity(
  vault: Vault,
  snapshot: Snapshot,
  manifest: Manifest,
  step: string,
  run: Run,
): Promise<Check[]> {
  const { blobs, bytes, problems, further } = await vault.verifySnapshot(snapshot, vaultRun(run, step))
  const more = further > 0 ? [`and ${further} more`] : []
  const detail =
    problems.length === 0
      ? `${blobs} blobs, ${bytes} bytes`
      : [...problems.map(({ path, message }) => `${path}: ${message}`), ...more].join('; ')
  const whole = { what: 'every byte that the point needs', ok: problems.length === 0, detail }
  // Lists that cannot be read would be told a second time.
  return whole.ok ? [whole, ...(await checkParts(vault, snapshot, manifest))] : [whole]
}

async function checkParts(vault: Vault, snapshot: Snapshot, manifest: Manifest): Promise<Check[]> {
  const checks: Check[] = []
  const file = async (what: string, path: string, bytes: number) => {
    const node = await vault.findNode(snapshot, path)
    checks.push(sameBytes(what, node, bytes))
  }
  for (const { path, inPoint, bytes } of manifest.config)
    await file(`configuration ${path} in the point`, inPoint, bytes)
  for (const { name, globals, databases } of manifest.servers) {
    if (globals) await file(`roles of ${name} in the point`, globals.inPoint, globals.bytes)
    for (const { name: database, dump } of databases)
      if (dump) await file(`dump of ${name}/${database} in the point`, dump.inPoint, dump.bytes)
  }
  for (const { key, inPoint, files, bytes } of manifest.volumes)
    checks.push(sameCounts(`volume ${key} in the point`, await countBelow(vault, snapshot, inPoint), { files, bytes }))
  for (const inPoint of new Set(manifest.images.flatMap(image => image.inPoint ?? []))) {
    const node = await vault.findNode(snapshot, inPoint)
    checks.push({ what: `image ${inPoint} in the point`, ok: node !== undefined, detail: node ? 'there' : 'missing' })
  }
  return checks
}

function sameBytes(what: string, node: TreeNode | undefined, bytes: number): Check {
  if (node?.type !== 'file') return { what, ok: false, detail: 'missing' }
  const ok = node.size === BigInt(bytes)
  return { what, ok, detail: ok ? `${bytes} bytes` : `${node.size} bytes, were ${bytes}` }
}

interface Amount {
  readonly files: number
  readonly bytes: number
}

/** Further names of a file count, or do not: it depends on the way a volume was read. */
function sameCounts(what: string, found: readonly Amount[] | undefined, wanted: Amount): Check {
  if (!found) return { what, ok: false, detail: 'missing' }
  const text = ({ files, bytes }: Amount) => `${files} files, ${bytes} bytes`
  const ok = found.some(({ files, bytes }) => files === wanted.files && bytes === wanted.bytes)
  return { what, ok, detail: ok ? text(wanted) : `${text(found[0]!)}; were ${text(wanted)}` }
}

/** Files and their lengths, by their names and by themselves; undefined where there is nothing. */
async function countBelow(vault: Vault, snapshot: Snapshot, path: string): Promise<readonly Amount[] | undefined> {
  if (!(await vault.findNode(snapshot, path))) return undefined
  const [names, files] = [
    { files: 0, bytes: 0 },
    { files: 0, bytes: 0 },
  ]
  const linked = new Map<string, number>()
  for await (const { path: name, metadata, size, hardLinkTo } of vault.entries(snapshot, path)) {
    if (metadata.type !== 'file') continue
    const bytes = hardLinkTo ? (linked.get(latin1(hardLinkTo)) ?? 0) : Number(size)
    if (!hardLinkTo && metadata.links > 1) linked.set(latin1(name), bytes)
    names.files++
    names.bytes += bytes
    if (hardLinkTo) continue
    files.files++
    files.bytes += bytes
  }
  return [names, files]
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
