import { randomBytes } from 'node:crypto'
import type { Run } from '../../domain/run.ts'
import {
  askServer,
  besideName,
  drop,
  fillDatabase,
  listDatabases,
  listOffers,
  markStatement,
  tellServer,
  type DatabaseContent,
  type NewDatabase,
  type ServerWork,
} from '../../sources/database/index.ts'

const word = 'aidatavault_throwaway'
const isThrowaway = (name: string) => new RegExp(`^${word}_restore_[0-9a-f]{8}$`).test(name)

/**
 * Fills a new database of its own name with the content, uses it, and drops it however that ends. What a killed run left is
 * dropped first: whoever calls is alone in the project. Nobody but superusers can enter it, and no backup takes it.
 */
export async function withThrowawayDatabase<T>(
  work: ServerWork,
  content: DatabaseContent,
  use: (name: string) => Promise<T>,
): Promise<T> {
  const present = await listDatabases(sql => askServer(work, sql))
  await tellServer(
    work,
    present.filter(({ name }) => isThrowaway(name)).map(({ name }) => drop(name)),
  )
  const id = randomBytes(4).toString('hex')
  const name = besideName(word, id)
  const properties: NewDatabase | undefined =
    content.properties ?? present.find(one => one.name === 'template1') ?? present[0]
  if (!properties) throw new Error('a server without any database')
  const settings = content.facts?.settings ?? []
  const marks = [markStatement(name, id, 'beside')]
  try {
    await content.makeRoles(work.access, work.homes[0], work.run)
    await fillDatabase(work, { content, part: 'whole', name, properties, settings, marks }, await listOffers(work))
    return await use(name)
  } finally {
    await tellServer({ ...work, run: cleanUp(work.run) }, [drop(name)]).catch(() =>
      work.run.report({
        kind: 'warning',
        text: `database ${name} could not be dropped; the next import or export does`,
      }),
    )
  }
}

/** It goes on although the run was stopped, but not for ever. */
const cleanUp = (run: Run): Run => ({
  clock: run.clock,
  report: event => run.report(event),
  signal: AbortSignal.timeout(60_000),
})
