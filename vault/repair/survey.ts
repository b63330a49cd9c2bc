import type { BlobIndex } from '../blob-index.ts'
import { PackTable } from '../check/pack-table.ts'
import { isDamage, type BlobReader } from '../files/blob-reader.ts'
import { parseSnapshot, type StoredSnapshot } from '../format/snapshot.ts'
import { findKeys } from '../keyring.ts'
import { IndexReader } from '../index-reader.ts'
import type { Repository } from '../repository.ts'
import { storagePath } from '../storage/layout.ts'
import type { RepairPlan, RepairStep, VaultRun } from '../types.ts'
import { BadPacks } from './bad-packs.ts'
import { Losses, TreeMender } from './lost-parts.ts'
import { mendIndex, type MendedIndex } from './mended-index.ts'

/** A point of which something is lost. */
export interface HurtPoint {
  readonly snapshot: StoredSnapshot
  readonly json: Buffer
  readonly losses: Losses
  /** Not even its top folder can be read. */
  readonly isGone: boolean
}

/** All that is wrong with a vault and could be mended. Nothing is written to find it out. */
export interface Survey {
  readonly mended: MendedIndex
  readonly table: PackTable
  readonly bad: BadPacks
  readonly points: readonly HurtPoint[]
  readonly unreadablePoints: readonly string[]
  readonly badKeys: readonly string[]
}

export interface SurveyOptions {
  readonly steps: readonly RepairStep[]
  readonly readData: boolean
  readonly keyId: string
}

/** Looks at everything anew. Packs are read whole with `readData`, else only those that are known to be damaged. */
export async function surveyVault(repository: Repository, options: SurveyOptions, run: VaultRun): Promise<Survey> {
  const ids = (await repository.storage.list('snapshots')).map(({ name }) => name)
  const mended = await mendIndex(repository, { allHeaders: options.readData }, run)
  const { index } = mended
  const table = new PackTable(index)
  const bad = new BadPacks(index)
  const verify = (pack: number) => bad.verify(pack, repository, table, run)
  for (const id of mended.headless) {
    const pack = index.packNumberOf(id)
    if (pack !== undefined) await verify(pack)
  }
  if (options.readData) for (const pack of index.packIds.keys()) await verify(pack)
  const { points, unreadablePoints } = await surveyPoints({ repository, index, bad, verify, run }, ids)
  const badKeys = (await findKeys(repository.storage)).filter(({ id, intact }) => !intact && id !== options.keyId)
  return { mended, table, bad, points, unreadablePoints, badKeys: badKeys.map(({ id }) => id) }
}

interface PointSurvey {
  readonly repository: Repository
  readonly index: BlobIndex
  readonly bad: BadPacks
  readonly verify: (pack: number) => Promise<void>
  readonly run: VaultRun
}

async function surveyPoints({ repository, index, bad, verify, run }: PointSurvey, ids: readonly string[]) {
  const points: HurtPoint[] = []
  const unreadablePoints: string[] = []
  const reader = new SuspiciousReader(new IndexReader(repository, index), index, verify)
  const saveTree = () => Promise.resolve('0'.repeat(64))
  const mender = new TreeMender({ index, reader, bad, run, saveTree })
  for (const id of ids) {
    const json = await repository.loadUnpacked('snapshots', id).catch(undefinedIfDamaged)
    const snapshot = json && parsedOrNothing(id, json)
    if (!snapshot) {
      unreadablePoints.push(id)
      continue
    }
    const losses = new Losses()
    const top = await mender.mend(snapshot.tree, Buffer.alloc(0), losses)
    if (!top || top.changed || losses.count > 0) points.push({ snapshot, json, losses, isGone: !top })
  }
  return { points: points.toSorted((a, b) => a.snapshot.time.getTime() - b.snapshot.time.getTime()), unreadablePoints }
}

/** Has each pack examined in which a folder list turns out to be damaged: more may be. */
class SuspiciousReader implements BlobReader {
  readonly #reader: IndexReader
  readonly #index: BlobIndex
  readonly #verify: (pack: number) => Promise<void>

  constructor(reader: IndexReader, index: BlobIndex, verify: (pack: number) => Promise<void>) {
    this.#reader = reader
    this.#index = index
    this.#verify = verify
  }

  async readBlob(type: 'data' | 'tree', id: string): Promise<Buffer> {
    let failure: unknown
    for (const entry of this.#index.entriesOf(type, id))
      try {
        return await this.#reader.readEntry(entry)
      } catch (error) {
        if (!isDamage(error)) throw error
        failure = error
        await this.#verify(this.#index.packOf(entry))
      }
    throw failure ?? (await this.#reader.readBlob(type, id))
  }
}

function undefinedIfDamaged(error: unknown): undefined {
  if (!isDamage(error)) throw error
}

function parsedOrNothing(id: string, json: Buffer): StoredSnapshot | undefined {
  try {
    return parseSnapshot(id, json)
  } catch (error) {
    return undefinedIfDamaged(error)
  }
}

/** What would be done, for people; limited to these steps. */
export function planOf(survey: Survey, steps: readonly RepairStep[]): RepairPlan {
  const { mended, table, bad, points, unreadablePoints, badKeys } = survey
  const does = (step: RepairStep) => steps.includes(step)
  const packs = does('packs') ? [...bad.packs] : []
  return {
    index:
      does('index') && (mended.differs || packs.length > 0)
        ? { unreadable: mended.unreadable, packsFound: mended.found.length, packsGone: mended.gone.length }
        : undefined,
    packs: packs.map(pack => {
      const entries = table.entriesOf(pack)
      const lost = entries.filter(entry => bad.entries.has(entry)).length
      return { file: storagePath('data', mended.index.packIds[pack]!), blobs: entries.length - lost, lost }
    }),
    points: does('points')
      ? points.map(({ snapshot, losses: { parts, further }, isGone }) => ({ snapshot, lost: parts, further, isGone }))
      : [],
    unreadablePoints: does('points') ? unreadablePoints : [],
    keys: does('points') ? badKeys : [],
  }
}
