import { createHash } from 'node:crypto'
import { drillReport, drillSignature, signedText, type DrillReport } from '../../../contract/drill-report.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { isSignedBy, type Snapshot, type Uploader, type Vault } from '../../../vault/index.ts'
import { vaultRun } from '../point-writer.ts'
import { isDamage, shortId } from '../points.ts'
import { programName } from '../tools.ts'
import { whoRuns } from '../who.ts'

// Not the tag of points: whatever lists, thins out or recovers points passes evidence over.
const evidenceTag = 'aidatavault-drill'
const projectTagPrefix = 'drill-of='

/** Where a drill's evidence lies in its snapshot. */
export const evidenceFiles = {
  report: 'drill/report.json',
  page: 'drill/report.html',
  signature: 'drill/signature.json',
} as const

/** What the vault has of one drill, whatever state it is in. */
export interface Evidence {
  readonly snapshot: Snapshot
  /** The project that the snapshot's tag names. */
  readonly projectId: string
  /** undefined: it cannot be read, and `faults` says why. */
  readonly report: DrillReport | undefined
  /** SHA-256 of the report as it lies there. */
  readonly hash: string | undefined
  /** What is wrong with it by itself: unreadable, altered, signed by somebody else. */
  readonly faults: readonly string[]
  /** Signed, rightly, with the key of another vault: this one is a copy of it. */
  readonly isCopied: boolean
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What reading evidence asks of a vault. */
export type EvidenceVault = Pick<Vault, 'listSnapshots' | 'readFile' | 'sign'>

/** Whether a snapshot is a drill's evidence, and no point. */
export const isEvidence = (snapshot: Snapshot): boolean => snapshot.tags.includes(evidenceTag)

const projectOf = (snapshot: Snapshot): string =>
  snapshot.tags.find(tag => tag.startsWith(projectTagPrefix))?.slice(projectTagPrefix.length) ?? ''

/** Keeps a report and its page in the vault, signed, as a snapshot of their own. */
export async function saveEvidence(vault: Vault, report: DrillReport, page: string, run: Run): Promise<Snapshot> {
  const files = signedFiles(vault, report, page)
  return vault.withUploader(vaultRun(run, 'evidence'), async uploader => {
    for (const [path, bytes] of Object.entries(files)) await saveBytes(uploader, path, bytes)
    return uploader.publish({
      time: new Date(report.endedAt),
      ...whoRuns(),
      paths: [`/aidatavault/drills/${report.project.name}`],
      tags: evidenceTags(report),
      programVersion: programName,
    })
  })
}

export const evidenceTags = ({ project, verdict }: DrillReport): string[] => [
  evidenceTag,
  `${projectTagPrefix}${project.id}`,
  `verdict=${verdict}`,
]

/** The files of a drill's evidence, by their path in the snapshot. */
export function signedFiles(vault: Pick<Vault, 'sign'>, report: DrillReport, page: string): Record<string, Buffer> {
  const json = Buffer.from(`${JSON.stringify(report, null, 2)}\n`)
  const hashes = { report: sha256Of(json), page: sha256Of(Buffer.from(page)) }
  const signed = vault.sign(Buffer.from(signedText(hashes)))
  const signature = `${JSON.stringify({ algorithm: 'Ed25519', ...signed, ...hashes }, null, 2)}\n`
  return {
    [evidenceFiles.report]: json,
    [evidenceFiles.page]: Buffer.from(page),
    [evidenceFiles.signature]: Buffer.from(signature),
  }
}

async function saveBytes(uploader: Uploader, path: string, bytes: Buffer): Promise<void> {
  const pieces = (async function* () {
    yield bytes
  })()
  await uploader.saveStream(path, pieces)
}

/** The evidence of all drills in the vault, oldest first; of one project when its id is given. */
export async function listEvidence(vault: EvidenceVault, projectId?: string): Promise<Evidence[]> {
  const evidence: Evidence[] = []
  for (const snapshot of await vault.listSnapshots({ damaged: () => {} })) {
    const id = projectOf(snapshot)
    if (isEvidence(snapshot) && (projectId === undefined || id === projectId))
      evidence.push(await readEvidence(vault, snapshot, id))
  }
  return evidence.toSorted((a, b) => (a.report?.sequence ?? 0) - (b.report?.sequence ?? 0))
}

/** The evidence of a project's drills one by one, from the newest on: for who needs only the last ones. */
export async function* evidenceNewestFirst(vault: EvidenceVault, projectId: string): AsyncGenerator<Evidence> {
  const snapshots = await vault.listSnapshots({ damaged: () => {} })
  const found = snapshots.filter(snapshot => isEvidence(snapshot) && projectOf(snapshot) === projectId)
  for (const snapshot of found.toReversed()) yield await readEvidence(vault, snapshot, projectId)
}

async function readEvidence(vault: EvidenceVault, snapshot: Snapshot, projectId: string): Promise<Evidence> {
  try {
    const report = await readBytes(vault, snapshot, evidenceFiles.report)
    const parsed = drillReport.safeParse(parseJson(report))
    const signature = await checkSignature(vault, snapshot, report)
    const faults = [
      ...signature.faults,
      ...(parsed.success ? [] : ['its report is not one that this program understands']),
      ...(parsed.success && parsed.data.project.id !== projectId ? ['its report is of another project'] : []),
    ]
    return { snapshot, projectId, report: parsed.data, hash: sha256Of(report), faults, isCopied: signature.isCopied }
  } catch (error) {
    if (!isDamage(error)) throw error
    return { snapshot, projectId, report: undefined, hash: undefined, faults: [messageOf(error)], isCopied: false }
  }
}

async function checkSignature(
  vault: EvidenceVault,
  snapshot: Snapshot,
  report: Uint8Array,
): Promise<Pick<Evidence, 'faults' | 'isCopied'>> {
  const parsed = drillSignature.safeParse(parseJson(await readBytes(vault, snapshot, evidenceFiles.signature)))
  if (!parsed.success) return { faults: ['its signature is not one that this program understands'], isCopied: false }
  const page = await readBytes(vault, snapshot, evidenceFiles.page)
  const signature = parsed.data
  const isSigned = isSignedBy(signature.publicKey, Buffer.from(signedText(signature)), signature.signature)
  const faults = [
    ...(signature.report === sha256Of(report) ? [] : ['its report was altered after it was signed']),
    ...(signature.page === sha256Of(page) ? [] : ['its page was altered after it was signed']),
    ...(isSigned ? [] : ['its signature is wrong']),
  ]
  return { faults, isCopied: signature.publicKey !== vault.sign(Buffer.alloc(0)).publicKey }
}

async function readBytes(vault: EvidenceVault, snapshot: Snapshot, path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of vault.readFile(snapshot, path)) pieces.push(piece)
  return Buffer.concat(pieces)
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

/** One drill by its number, its id, or that of its snapshot, or the beginning of either. Rejects with point-unknown, point-ambiguous. */
export function findEvidence(evidence: readonly Evidence[], which: string): Evidence {
  if (which === 'latest' && evidence.length > 0) return evidence.at(-1)!
  const found = evidence.filter(
    ({ report, snapshot }) =>
      String(report?.sequence) === which || report?.id.startsWith(which) || snapshot.id.startsWith(which),
  )
  const exact = found.filter(({ report, snapshot }) =>
    [String(report?.sequence), report?.id, snapshot.id].includes(which),
  )
  const [one, ...more] = exact.length > 0 ? exact : found
  if (one && more.length === 0) return one
  const ids = found.map(({ report, snapshot }) => report?.id ?? shortId(snapshot.id)).join(', ')
  throw one
    ? new RecoveryError('point-ambiguous', `several drills are called ${which}: ${ids}`, { hint: 'give the whole id' })
    : new RecoveryError('point-unknown', `no drill is called ${which}`, {
        hint: 'list the ones there are with: aidatavault drill list',
      })
}

/** The page of a drill as it was kept. */
export const evidencePage = (vault: EvidenceVault, { snapshot }: Evidence): Promise<Buffer> =>
  readBytes(vault, snapshot, evidenceFiles.page)
