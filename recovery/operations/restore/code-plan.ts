import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { CodeFacts, Manifest } from '../../../contract/manifest.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { readable } from '../../sources/byte-path.ts'
import {
  livingRepository,
  readReferences,
  resolveCommit,
  resolveInPoint,
  type Exchange,
} from '../../sources/code/index.ts'
import { pointReader } from '../point-reader.ts'
import { shortId, type RecoveryPoint } from '../points.ts'
import { choosePart, type PointChoice } from './choose-part.ts'
import { codeObstacles } from './code-obstacles.ts'
import { previewCode, type WantedCode } from './code-state.ts'
import { keepUntil } from './keep-until.ts'
import type { Restoration } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'

export interface CodeRequest extends PointChoice {
  /** A new folder instead of the project's own; as the user named it. */
  readonly into?: string
  /** Only the tracked files of this commit, on a new branch: an id, a branch or a tag of the repository or the point. */
  readonly atCommit?: string
}

export interface CodePlan extends RestorePlan {
  /** null: the commit is in the living repository. */
  readonly from: RecoveryPoint | null
  readonly commit: string | null
  /** Absolute. */
  readonly into: string | null
}

const hasCode = ({ code }: Manifest) => code !== null

/** Makes the plan. Rejects with bad-input when a commit is not to be found, and as choosePart does. */
export async function planCode(request: CodeRequest, restoration: Restoration): Promise<CodePlan> {
  const { project, vault } = restoration
  if (request.atCommit !== undefined) return planCommit(request, request.atCommit, restoration)
  const from = await choosePart(vault, project.facts, request, { what: 'code', isIn: hasCode })
  if (request.into !== undefined) return planInto(from, path.resolve(request.into))
  return planInPlace('code', from, null, restoration)
}

const point = ({ snapshot, manifest }: RecoveryPoint) => ({ id: snapshot.id, takenAt: manifest.takenAt })

/** Also without a project: only the point counts. */
export async function planInto(from: RecoveryPoint, into: string): Promise<CodePlan> {
  const names = await fs.readdir(into).catch(() => [])
  const isFree = names.every(name => name.startsWith('.aidatavault'))
  return {
    ...{ kind: 'code', what: 'code', point: point(from), from, commit: null, into },
    changes: [[into, `new, with ${textOf(from.manifest.code!)}`]],
    ...{ stops: [], downtime: 'none', keeps: [], safety: null, destructive: false },
    obstacles: isFree
      ? []
      : [{ code: 'target-exists', message: `${into} is not empty`, hint: 'choose a folder that is not there yet' }],
  }
}

const textOf = (code: CodeFacts): string =>
  code.kind === 'git'
    ? `${code.branch ?? 'a detached HEAD'} at ${code.head?.slice(0, 8) ?? 'no commit yet'}, ${code.refs.length} refs, ${code.stashes} stashes, ${code.staged} staged, ${code.dirty} changed, ${code.untracked} untracked`
    : `${code.files} files`

async function planInPlace(
  what: string,
  from: RecoveryPoint | null,
  commit: string | null,
  restoration: Restoration,
): Promise<CodePlan> {
  const { project, run } = restoration
  const living = await livingRepository(project.root, run)
  const obstacles = await codeObstacles(from, living, commit !== null, restoration)
  const wanted = wantedCode({ from, commit }, restoration)
  const exchanges = obstacles.length > 0 ? [] : await preview(wanted, restoration)
  return {
    ...{ kind: 'code', what, point: from && point(from), from, commit, into: null, obstacles },
    changes: [...(await headRows(wanted, living, restoration)), ...fileRows(exchanges)],
    ...{ stops: [], downtime: 'none', destructive: true },
    keeps: [
      `every file that is replaced, until ${keepUntil({ project, run }).slice(0, 10)}`,
      ...keepRows(wanted, living.kind === 'whole'),
    ],
    safety: { code: true, config: true },
  }
}

/** What becomes of today's repository and of what is no code. */
function keepRows(wanted: WantedCode, isWhole: boolean): string[] {
  if (wanted.kind === 'point' && wanted.facts.kind === 'folder')
    return isWhole ? ['the repository, as a whole with the old files: the point has none'] : []
  if (!isWhole) return ['what git ignored in the point, as it is']
  const refs =
    wanted.kind === 'commit'
      ? 'every branch'
      : 'refs that the point lacks, as they are; those that differ and stashes under aidatavault/TIME/…; remotes'
  return ['uncommitted work, as a commit on branch aidatavault/before-restore-TIME', refs, 'what git ignores, as it is']
}

/** What a plan is to bring about, with readers for it. */
export function wantedCode(
  { from, commit }: Pick<CodePlan, 'from' | 'commit'>,
  { vault, run }: Restoration,
): WantedCode {
  const reader = from ? pointReader(vault, from.snapshot, 'code', run) : undefined
  if (commit !== null) return { kind: 'commit', commit, reader }
  return { kind: 'point', facts: from!.manifest.code!, reader: reader! }
}

/** Where it cannot be made ready elsewhere, that is no reason against doing it here. */
async function preview(wanted: WantedCode, { project, run }: Restoration): Promise<readonly Exchange[]> {
  try {
    return await previewCode(wanted, project, run)
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !['ENOSPC', 'storage-full'].includes(String(error.code)))
      throw error
    run.report({ kind: 'warning', text: `files cannot be compared beforehand: ${messageOf(error)}` })
    return []
  }
}

async function headRows(
  wanted: WantedCode,
  living: Awaited<ReturnType<typeof livingRepository>>,
  { run }: Restoration,
): Promise<RestorePlan['changes']> {
  const then =
    wanted.kind === 'commit' ? `the commit ${wanted.commit.slice(0, 8)} on a new branch` : textOf(wanted.facts)
  if (living.kind === 'none') return [['code', `${then}; there is no repository here now`]]
  if (living.kind !== 'whole') return [['code', `${then}; the repository here cannot be read, and is put aside`]]
  const { head } = await readReferences(living.repository, run)
  const now = `${readable(head.branch?.replace(/^refs\/heads\//, '') ?? 'a detached HEAD')} at ${head.id?.slice(0, 8) ?? 'no commit yet'}`
  return [['code', `${now} now; then ${then}`]]
}

// What nobody reads to the end.
const mostShown = 50

/** One row a file. */
export function fileRows(exchanges: readonly Exchange[]): RestorePlan['changes'] {
  const moved = new Map<string, Set<string>>()
  for (const { kind, path: name } of exchanges)
    if (kind === 'in' || kind === 'out') moved.set(name, (moved.get(name) ?? new Set<string>()).add(kind))
  const rows = [...moved]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, kinds]) => [readable(name), wordOf(kinds)] as const)
  const more = rows.length - mostShown
  return more > 0 ? [...rows.slice(0, mostShown), [`${more} more files`, 'change'] as const] : rows
}

const wordOf = (kinds: ReadonlySet<string>): string =>
  kinds.size === 2 ? 'replaced' : kinds.has('in') ? 'comes back' : 'goes, and is kept'

async function planCommit(request: CodeRequest, name: string, restoration: Restoration): Promise<CodePlan> {
  const { project, vault, run } = restoration
  if (request.into !== undefined)
    throw new RecoveryError('bad-input', '--at-commit and --into do not go together', {
      hint: 'bring the code back with --into, then check the commit out there',
    })
  const living = await livingRepository(project.root, run)
  const isNamed = request.point !== 'latest'
  const here = isNamed || living.kind !== 'whole' ? undefined : await resolveCommit(living.repository, name, run)
  const what = `code at commit ${name}`
  if (here !== undefined) return planInPlace(what, null, here, restoration)
  const from = await choosePart(vault, project.facts, request, { what: 'code', isIn: hasCode })
  const commit = await commitInPoint(from, name, restoration)
  if (commit !== undefined) return planInPlace(what, from, commit, restoration)
  const where = `${isNamed ? '' : 'this repository and '}point ${shortId(from.snapshot.id)}`
  throw new RecoveryError('bad-input', `${name} is no commit of ${where}`, {
    hint: 'give an id, a branch or a tag; those of a point are listed by: aidatavault --json points show POINT',
  })
}

async function commitInPoint({ snapshot, manifest }: RecoveryPoint, name: string, { vault, run }: Restoration) {
  if (manifest.code?.kind !== 'git') return undefined
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-git-'))
  try {
    return await resolveInPoint(pointReader(vault, snapshot, 'code', run), manifest.code.refs, name, folder, run)
  } finally {
    await fs.rm(folder, { recursive: true, force: true })
  }
}
