import { VaultError } from '../errors.ts'
import { storagePath } from '../storage/layout.ts'
import type { FileType } from '../storage/storage.ts'
import type { DamagedPoint, Problem, Snapshot } from '../types.ts'

/** A problem while its reach is still being found out. */
export interface Finding extends Omit<Problem, 'snapshots'> {
  readonly snapshots: Set<string>
  /** Some of the paths that it touches. */
  readonly paths: string[]
}

const pathsTold = 3
const partsTold = 100
const firstName = (path: string): string => path.split('/', 1)[0]!

/** All that a check has found so far. Findings have numbers, so that large tables can point to them. */
export class Findings {
  readonly #findings: Finding[] = []
  readonly #byKey = new Map<string, number>()
  /** Of snapshots that are touched: in which parts. */
  readonly #touched = new Map<string, Set<string>>()
  readonly partOf: (path: string) => string

  constructor(partOf: (path: string) => string = firstName) {
    this.partOf = partOf
  }

  get count(): number {
    return this.#findings.length
  }

  /** Adds a finding about a stored file; returns its number. */
  add(severity: Problem['severity'], kind: Problem['kind'], file: string, message: string): number {
    return this.#findings.push({ severity, kind, file, message, snapshots: new Set(), paths: [] }) - 1
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** The finding of this key, which `make` adds if there is none yet. */
  once(key: string, make: () => number): number {
    let number = this.#byKey.get(key)
    if (number === undefined) this.#byKey.set(key, (number = make()))
    return number
  }

  /** Adds a finding for a file that could not be loaded or was not what it should be. */
  addFailure(kind: Problem['kind'], type: FileType, name: string, error: unknown): number {
    const file = storagePath(type, name)
    const missing = error instanceof VaultError && error.code === 'file-missing'
    const message = missing ? `${file} is missing` : error instanceof Error ? error.message : String(error)
    return this.add('damage', missing ? 'file-missing' : kind, file, message)
  }

  /** Notes that a snapshot cannot be restored whole because of this; `path` is one that it touches, for people. */
  touches(number: number, snapshot: string, path?: string): void {
    const { snapshots, paths } = this.#findings[number]!
    snapshots.add(snapshot)
    this.#touch(snapshot, path)
    if (path !== undefined && paths.length <= pathsTold && !paths.includes(path)) paths.push(path)
  }

  /** This finding touches what the other one touches. */
  touchesSame(number: number, other: number): void {
    for (const snapshot of this.#findings[other]!.snapshots) this.#findings[number]!.snapshots.add(snapshot)
  }

  /** The points that cannot be restored whole; `readable` are those whose files are good. */
  points(readable: readonly Snapshot[]): DamagedPoint[] {
    const times = new Map(readable.map(({ id, time }) => [id, time]))
    const points = [...this.#touched].map(([id, parts]) => ({ id, time: times.get(id), parts: [...parts].toSorted() }))
    return points.toSorted((a, b) => (a.time?.getTime() ?? 0) - (b.time?.getTime() ?? 0) || (a.id < b.id ? -1 : 1))
  }

  #touch(snapshot: string, path: string | undefined): void {
    let parts = this.#touched.get(snapshot)
    if (!parts) this.#touched.set(snapshot, (parts = new Set()))
    if (path !== undefined && parts.size < partsTold) parts.add(this.partOf(path.replace(/^\//, '')))
  }

  /** Everything found: damage first, then by file. */
  problems(): Problem[] {
    this.#spreadWithinFiles()
    return this.#findings.map(toProblem).toSorted(byWeight)
  }

  // What a pack as a whole has (another hash, size or header) touches those that its damaged blobs touch.
  #spreadWithinFiles(): void {
    const ofFile = Map.groupBy(this.#findings, ({ file }) => file)
    for (const finding of this.#findings) {
      if (finding.severity !== 'damage' || !wholeFile.has(finding.kind) || finding.file === '') continue
      for (const other of ofFile.get(finding.file)!)
        if (other.severity === 'damage') for (const snapshot of other.snapshots) finding.snapshots.add(snapshot)
    }
  }
}

const wholeFile: ReadonlySet<string> = new Set<Problem['kind']>(['file-damaged', 'pack-size', 'pack-header'])

function toProblem({ severity, kind, file, message, snapshots, paths }: Finding): Problem {
  const more = paths.length > pathsTold ? ' and more' : ''
  const touched = paths.length > 0 ? `; it touches ${paths.slice(0, pathsTold).join(', ')}${more}` : ''
  return { severity, kind, file, message: message + touched, snapshots: [...snapshots].toSorted() }
}

const byWeight = (a: Problem, b: Problem): number =>
  a.severity.localeCompare(b.severity) || (a.file < b.file ? -1 : a.file > b.file ? 1 : 0)
