import type { ApplicationLogin } from '../../project/project.ts'
import {
  exchangeObstacles,
  lackingExtensions,
  listDatabases,
  listOffers,
  oldName,
  askServer,
  type ContentPart,
  type DatabaseContent,
  type DatabaseProperties,
  type ServerWork,
} from '../../sources/database/index.ts'
import type { Obstacle } from '../recover/plan.ts'
import { presentRows, rowChanges, type PresentRows } from './database-changes.ts'
import { noSpace, olderServer } from './database-obstacles.ts'
import { chooseDatabases, type ChosenDatabases, type DatabaseRequest } from './database-choice.ts'
import { readServer } from './database-server.ts'
import { servicesUsing } from './database-services.ts'
import { assertSameSystem } from './identity.ts'
import { keepUntil } from './keep-until.ts'
import type { Restoration } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'

/** One database that is made beside and then takes its name. */
export interface PlannedDatabase {
  readonly name: string
  readonly content: DatabaseContent
  /** What has the name now. */
  readonly present: DatabaseProperties | undefined
  /** The name that the present one gets; null: there is none. */
  readonly old: string | null
}

export interface DatabasePlan extends RestorePlan {
  readonly server: string
  readonly databases: readonly PlannedDatabase[]
  readonly part: Exclude<ContentPart, object>
  /** Logins of the application that have to work when it is back. */
  readonly logins: readonly ApplicationLogin[]
}

/** What a restore of databases would do. Reads only: every row that is there now is counted. */
export async function planDatabase(request: DatabaseRequest, restoration: Restoration): Promise<DatabasePlan> {
  const chosen = await chooseDatabases(request, restoration)
  const names = chosen.databases.map(({ name }) => name)
  return readServer(restoration, chosen.server, names, async work => {
    const { systemIdentifier } = await work.access.server(work.run)
    if (chosen.facts && request.into === undefined)
      assertSameSystem(chosen.server, chosen.facts.server.systemIdentifier, systemIdentifier, request.choice.accept)
    return planOn(work, chosen, request, restoration)
  })
}

async function planOn(
  work: ServerWork,
  chosen: ChosenDatabases,
  request: DatabaseRequest,
  restoration: Restoration,
): Promise<DatabasePlan> {
  const { project, run } = restoration
  const all = await listDatabases(sql => askServer(work, sql))
  const databases = planned(chosen, all, run.clock.now())
  const now = new Map<string, PresentRows>()
  for (const { present } of databases) if (present) now.set(present.name, await presentRows(work, present))
  const replaced = databases.filter(({ present }) => present)
  const stops = request.into === undefined ? servicesUsing(project, chosen.server) : []
  const safety = replaced.length > 0 && request.safetyPoint
  const part = request.part ?? 'whole'
  return {
    ...{ kind: 'database', what: whatText(chosen, part), server: chosen.server, databases, part },
    point: chosen.point ? { id: chosen.point.snapshot.id, takenAt: chosen.point.manifest.takenAt } : null,
    changes: databases.flatMap(database => changesOf(database, part, now.get(database.name), databases.length > 1)),
    ...{
      stops,
      downtime: stops.length > 0 ? 'a few seconds, while the databases change names and a login is tried' : 'none',
    },
    keeps: replaced.map(
      ({ name, old }) =>
        `database ${name} as ${old}, without connections, until ${keepUntil(restoration).slice(0, 10)}`,
    ),
    safety: safety ? { servers: [{ name: chosen.server, databases: replaced.map(({ name }) => name) }] } : null,
    destructive: replaced.length > 0,
    obstacles: await obstaclesOf(work, databases, now, request, safety),
    logins: request.into === undefined ? loginsOf(restoration, chosen) : [],
  }
}

function planned(chosen: ChosenDatabases, all: readonly DatabaseProperties[], at: Date): PlannedDatabase[] {
  const taken = new Set(all.map(({ name }) => name))
  return chosen.databases.map(({ name, content }) => {
    const present = all.find(database => database.name === name)
    const old = present ? oldName(name, at, taken) : null
    if (old !== null) taken.add(old)
    return { name, content, present, old }
  })
}

const partText = { whole: '', schema: ' (its schema alone, without rows)', data: ' (its rows, in the schema of today)' }

const whatText = ({ server, databases }: ChosenDatabases, part: DatabasePlan['part']): string =>
  `${databases.length === 1 ? 'database' : 'databases'} ${databases.map(({ name }) => `${server}/${name}`).join(', ')}${partText[part]}`

function changesOf(
  { name, content, present }: PlannedDatabase,
  part: DatabasePlan['part'],
  now: PresentRows | undefined,
  named: boolean,
): [string, string][] {
  const facts = part === 'schema' ? content.facts && emptied(content.facts) : content.facts
  return [
    ...(present ? [] : [[`database ${name}`, `made anew, from ${content.from}`] as [string, string]]),
    ...(now?.unreadable
      ? [[`database ${name}`, `cannot be read whole now: ${now.unreadable}`] as [string, string]]
      : []),
    ...rowChanges(facts, now, named ? `${name}: ` : ''),
  ]
}

const emptied = (facts: NonNullable<DatabaseContent['facts']>) => ({
  ...facts,
  tables: facts.tables.map(table => (table.rows === null ? table : { ...table, rows: 0 })),
})

/** Those of the databases that change; the passwords are what the project has. */
const loginsOf = ({ project }: Restoration, { server, databases }: ChosenDatabases): ApplicationLogin[] =>
  project.logins.filter(login => login.server === server && databases.some(({ name }) => name === login.database))

async function obstaclesOf(
  work: ServerWork,
  databases: readonly PlannedDatabase[],
  now: ReadonlyMap<string, PresentRows>,
  request: DatabaseRequest,
  safety: boolean,
): Promise<Obstacle[]> {
  const found: Obstacle[] = [
    ...olderServer(work, databases),
    ...(await extensionsLacking(work, databases)),
    ...(await noSpace(work, databases)),
  ]
  for (const { name, present } of databases) {
    if (!present) continue
    if (request.into !== undefined) found.push(taken(name))
    const changing = await exchangeObstacles(work, name)
    found.push(...changing.map(obstacle => ({ code: 'preflight-failed' as const, ...obstacle })))
    const unreadable = now.get(name)?.unreadable
    if (safety && unreadable !== undefined) found.push(notReadable(name, unreadable))
  }
  return found
}

const taken = (name: string): Obstacle => ({
  code: 'target-exists',
  message: `there is a database ${name} already, and --into never touches one`,
  hint: 'give another name',
})

const notReadable = (name: string, why: string): Obstacle => ({
  code: 'source-unreadable',
  message: `database ${name} cannot be read whole, so that no safety point of it can be taken: ${why}`,
  hint: 'restore without one: --no-safety-point; the old database is kept beside all the same',
})

async function extensionsLacking(work: ServerWork, databases: readonly PlannedDatabase[]): Promise<Obstacle[]> {
  const wanted = databases.map(({ name, content }) => ({ name, extensions: content.extensions }))
  const lacking = lackingExtensions(wanted, await listOffers(work))
  if (lacking.length === 0) return []
  return [
    {
      code: 'preflight-failed',
      message: `PostgreSQL ${work.access.name} lacks extensions: ${lacking.join(', ')}`,
      hint: 'use an image that has them',
    },
  ]
}
