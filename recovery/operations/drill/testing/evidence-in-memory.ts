import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { DrillReport } from '../../../../contract/drill-report.ts'
import type { Snapshot } from '../../../../vault/index.ts'
import { nextLink } from '../chain.ts'
import { evidenceTags, listEvidence, signedFiles, type EvidenceVault } from '../evidence.ts'
import { someReport } from './some-report.ts'

type Files = Record<string, Buffer>
export const somePage = '<!doctype html><p>proved</p>'

/** Evidence of drills as a vault would hold it, with what the vault guards against: files can be altered and taken out. */
export class EvidenceInMemory implements EvidenceVault {
  readonly #kept: { readonly snapshot: Snapshot; readonly files: Files }[] = []
  readonly #key = generateKeyPairSync('ed25519')

  sign(bytes: Uint8Array) {
    const { publicKey, privateKey } = this.#key
    const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(12).toString('hex')
    return { publicKey: key, signature: sign(null, bytes, privateKey).toString('hex') }
  }

  listSnapshots(): Promise<readonly Snapshot[]> {
    return Promise.resolve(this.#kept.map(({ snapshot }) => snapshot))
  }

  async *readFile(snapshot: Snapshot, path: string): AsyncGenerator<Uint8Array> {
    const file = this.#kept.find(kept => kept.snapshot === snapshot)?.files[path]
    if (!file) throw Object.assign(new Error(`${path} is not there`), { code: 'file-missing' })
    yield file
  }

  /** Any snapshot: a point, for example. */
  keep(details: Partial<Snapshot>, files: Files = {}): Snapshot {
    const id = createHash('sha256').update(`${this.#kept.length}`).digest('hex')
    const snapshot = { ...{ id, tree: id, time: new Date(), paths: [], hostname: '', username: '' }, ...details }
    const whole = { tags: [], programVersion: '', ...snapshot }
    this.#kept.push({ snapshot: whole, files })
    return whole
  }

  /** Keeps one report behind those that are there. */
  async add(different: Partial<DrillReport> = {}): Promise<DrillReport> {
    const link = nextLink(await listEvidence(this))
    const report = someReport({ id: `${link.sequence}`.padStart(16, '0'), ...link, ...different })
    this.keep({ tags: evidenceTags(report) }, signedFiles(this, report, somePage))
    return report
  }

  /** The same evidence in another vault, each file through `alter`. */
  copied(alter: (at: number, path: string, bytes: Buffer) => Buffer = (_, __, bytes) => bytes): EvidenceInMemory {
    const copy = new EvidenceInMemory()
    for (const [at, { snapshot, files }] of this.#kept.entries()) {
      const altered = Object.entries(files).map(([path, bytes]) => [path, alter(at + 1, path, bytes)] as const)
      copy.keep(snapshot, Object.fromEntries(altered))
    }
    return copy
  }
}
