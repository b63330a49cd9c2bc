import type { Snapshot, SnapshotDetails, SnapshotSummary } from '../types.ts'
import { damaged } from './damaged.ts'
import { encodeGoString } from './go-string.ts'
import { nullId } from './id.ts'
import { parseJson } from './json.ts'
import { JsonObject } from './json-object.ts'
import { dateOfTime, formatTime, localZone, parseOffset, timeOfDate } from './time.ts'

/** A summary with all fields that restic has. */
export interface FullSummary extends SnapshotSummary {
  readonly backupStart: Date
  readonly backupEnd: Date
  readonly dirsNew: number
  readonly dirsChanged: number
  readonly dirsUnmodified: number
  readonly dataBlobs: number
  readonly treeBlobs: number
}

/** What a snapshot file holds. */
export interface SnapshotContent extends SnapshotDetails {
  /** Minutes east of UTC in which the time is written; absent: as the clock of this process has it then. */
  readonly utcOffset?: number
  /** The root tree's blob id. */
  readonly tree: string
  /** The first id of a snapshot whose metadata was changed later. */
  readonly original?: string
  /** Of the process that wrote it; left out by restic when 0. */
  readonly uid?: number
  readonly gid?: number
  readonly excludes?: readonly string[]
  readonly summary?: FullSummary
}

/** A snapshot with everything that its file holds. */
export type StoredSnapshot = Snapshot & SnapshotContent

const names = new Set(
  'time parent tree paths hostname username uid gid excludes tags original program_version summary'.split(' '),
)
const numberFields = [
  ['filesNew', 'files_new'],
  ['filesChanged', 'files_changed'],
  ['filesUnmodified', 'files_unmodified'],
  ['dirsNew', 'dirs_new'],
  ['dirsChanged', 'dirs_changed'],
  ['dirsUnmodified', 'dirs_unmodified'],
  ['dataBlobs', 'data_blobs'],
  ['treeBlobs', 'tree_blobs'],
  ['dataAdded', 'data_added'],
  ['dataAddedPacked', 'data_added_packed'],
  ['totalFilesProcessed', 'total_files_processed'],
  ['totalBytesProcessed', 'total_bytes_processed'],
] as const
const summaryNames = new Set(['backup_start', 'backup_end', ...numberFields.map(([, name]) => name)])

/** Reads the JSON of a snapshot file (see unpacked.ts). One without a tree is damaged. */
export function parseSnapshot(id: string, json: Uint8Array): StoredSnapshot {
  const what = `snapshot ${id.slice(0, 8)}`
  const object = new JsonObject(parseJson(json, what), what, names)
  const [parent, tree, original] = [object.id('parent'), object.id('tree'), object.id('original')]
  if (tree === undefined || tree === nullId) throw damaged(`${what} has no tree`)
  const summary = object.raw('summary')
  return {
    id,
    time: dateOfTime(object.time('time')),
    utcOffset: parseOffset(object.text('time')),
    tree,
    paths: object.texts('paths'),
    hostname: object.text('hostname'),
    username: object.text('username'),
    uid: object.uint('uid'),
    gid: object.uint('gid'),
    excludes: object.texts('excludes'),
    tags: object.texts('tags'),
    programVersion: object.text('program_version'),
    ...(parent && { parent }),
    ...(original && { original }),
    ...(summary !== undefined && { summary: parseSummary(summary, what) }),
  }
}

function parseSummary(value: unknown, what: string): FullSummary {
  const object = new JsonObject(value, `the summary of ${what}`, summaryNames)
  const numbers = numberFields.map(([field, name]) => [field, object.count(name)])
  return {
    backupStart: dateOfTime(object.time('backup_start')),
    backupEnd: dateOfTime(object.time('backup_end')),
    ...(Object.fromEntries(numbers) as Record<(typeof numberFields)[number][0], number>),
  }
}

/** The JSON of a snapshot file, in restic's order of fields and with its rules of what is left out. */
export function encodeSnapshot(snapshot: SnapshotContent): Buffer {
  if (snapshot.tree === nullId) throw new TypeError('a snapshot must have a tree')
  const { utcOffset } = snapshot
  const zone = utcOffset === undefined ? localZone : () => utcOffset
  const fields = [
    `"time":"${formatTime(timeOfDate(snapshot.time), zone)}"`,
    textField('parent', snapshot.parent),
    `"tree":"${snapshot.tree}"`,
    `"paths":${texts(snapshot.paths)}`,
    textField('hostname', snapshot.hostname),
    textField('username', snapshot.username),
    snapshot.uid ? `"uid":${snapshot.uid}` : '',
    snapshot.gid ? `"gid":${snapshot.gid}` : '',
    textsField('excludes', snapshot.excludes),
    textsField('tags', snapshot.tags),
    textField('original', snapshot.original),
    textField('program_version', snapshot.programVersion),
    snapshot.summary ? `"summary":${encodeSummary(snapshot.summary)}` : '',
  ]
  return Buffer.from(`{${fields.filter(Boolean).join()}}`)
}

/**
 * The JSON of the same snapshot with other values for some fields (undefined leaves one out). Everything else stays to
 * the last digit, also what only other programs know: the time has nanoseconds, which a Date has not.
 */
export function rewriteSnapshot(json: Uint8Array, changes: Readonly<Record<string, unknown>>): Buffer {
  const fields = Object.entries(parseJson(json, 'a snapshot') as Record<string, unknown>)
  // Go takes names as it finds them, in whatever case.
  const kept = fields.filter(([name]) => !Object.hasOwn(changes, name.toLowerCase()))
  return Buffer.from(JSON.stringify({ ...Object.fromEntries(kept), ...changes }))
}

const texts = (list: readonly string[]): string => `[${list.map(encodeGoString).join()}]`
const textField = (name: string, text: string | undefined): string => (text ? `"${name}":${encodeGoString(text)}` : '')
const textsField = (name: string, list: readonly string[] | undefined): string =>
  list?.length ? `"${name}":${texts(list)}` : ''

function encodeSummary(summary: FullSummary): string {
  const times = `"backup_start":"${encodeDate(summary.backupStart)}","backup_end":"${encodeDate(summary.backupEnd)}"`
  return `{${[times, ...numberFields.map(([field, name]) => `"${name}":${summary[field]}`)].join()}}`
}

const encodeDate = (date: Date): string => formatTime(timeOfDate(date))
