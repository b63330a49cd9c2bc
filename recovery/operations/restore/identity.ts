import type { ProjectFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'

/**
 * Differences between a point and what it is to be restored into that the user has named: 'host=server1', 'project=shop'
 * (its name or id), 'system=7301…'. The wrong target is the worst disaster: nothing else is taken for consent.
 */
export type Accepted = readonly string[]

interface Mismatch {
  /** What the user has to name, after --accept. */
  readonly word: string
  readonly message: string
}

function mismatches(point: ProjectFacts, project: ProjectFacts, accept: Accepted): Mismatch[] {
  const found: Mismatch[] = []
  const named = [point.name, point.id].some(name => accept.includes(`project=${name}`))
  if (!named && (point.id !== project.id || point.name !== project.name))
    found.push({
      word: `project=${point.id === project.id ? point.name : point.id}`,
      message: `it is of project ${point.name} (${point.id}), and this one is ${project.name} (${project.id})`,
    })
  if (point.hostname !== project.hostname && !accept.includes(`host=${point.hostname}`))
    found.push({
      word: `host=${point.hostname}`,
      message: `it was taken on ${point.hostname}, and this machine is ${project.hostname}`,
    })
  return found
}

/** Whether a point is of this project on this machine, or every difference was named. */
export const acceptsAll = (point: ProjectFacts, project: ProjectFacts, accept: Accepted): boolean =>
  mismatches(point, project, accept).length === 0

/** Rejects with target-mismatch, saying what to name, unless the point is of this project on this machine. */
export function assertSameProject(point: ProjectFacts, project: ProjectFacts, accept: Accepted): void {
  assertNone('the point does not belong here', mismatches(point, project, accept))
}

/** The same of a database server: `point` and `found` are system identifiers. */
export function assertSameSystem(server: string, point: string, found: string, accept: Accepted): void {
  if (point === found || accept.includes(`system=${point}`)) return
  const message = `it is of the server with system identifier ${point}, and ${server} is ${found} now (recovered, or made anew)`
  assertNone(`PostgreSQL ${server} is not the server that the point was taken of`, [
    { word: `system=${point}`, message },
  ])
}

function assertNone(what: string, found: readonly Mismatch[]): void {
  if (found.length === 0) return
  throw new RecoveryError('target-mismatch', `${what}: ${found.map(({ message }) => message).join('; ')}`, {
    hint: `if that is meant, name it: ${found.map(({ word }) => `--accept ${word}`).join(' ')}`,
  })
}
