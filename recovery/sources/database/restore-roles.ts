import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { quoteIdentifier } from '../../drivers/postgres/sql-text.ts'
import { during } from './failures.ts'
import { parseGlobals, type GlobalsScript } from './globals-script.ts'
import { readText } from './read-text.ts'
import { askServer, tellServer, together, type RestoreWork } from './restore-work.ts'
import { roleNames } from './roles.ts'

/**
 * Makes the server's roles what the point says: attributes, password verifiers, settings, memberships. Roles that are
 * there, the superuser included, are changed to it; so it can run again after it was cut off.
 */
export async function restoreRoles(work: RestoreWork): Promise<void> {
  const { facts } = work
  const what = `the roles of PostgreSQL ${facts.name}`
  if (!facts.globals) throw new RecoveryError('restore-failed', `${what} are not in the point`)
  const script = parseGlobals(await readText(work.reader, facts.globals.inPoint))
  const restore = async () => {
    await nameBootstrapRole(work)
    await applyRoles(work, script)
    await makeTablespaces(work, script)
  }
  await during(what, 'restore-failed', () => work.access.reading(work.run, restore))
}

const helper = 'aidatavault_helper'

/**
 * The role that initdb made cannot lose its rights nor be dropped, so it must be the original's: where the environment
 * names another one than the original began with, the role is renamed. Nobody can rename themselves; a helper does.
 */
async function nameBootstrapRole(work: RestoreWork): Promise<void> {
  const names = await roleNames(sql => askServer(work, sql))
  const [now, wanted] = [names[0], work.facts.roles[0]]
  if (now === undefined || wanted === undefined || now === wanted || names.includes(wanted)) return
  const statements = [
    `CREATE ROLE ${helper} SUPERUSER`,
    `SET SESSION AUTHORIZATION ${helper}`,
    `ALTER ROLE ${quoteIdentifier(now)} RENAME TO ${quoteIdentifier(wanted)}`,
    'RESET SESSION AUTHORIZATION',
    `DROP ROLE ${helper}`,
  ]
  await tellServer(work, together(statements))
  work.access.actAs(wanted)
}

async function applyRoles(work: RestoreWork, script: GlobalsScript): Promise<void> {
  const present = await roleNames(sql => askServer(work, sql))
  const missing = script.roles.filter(role => !present.includes(role))
  const reset = script.roles.filter(role => present.includes(role)).flatMap(clearRole)
  const created = missing.map(role => `CREATE ROLE ${quoteIdentifier(role)}`)
  await tellServer(work, together([...created, ...reset, ...script.attributes]))
}

/** What the script does not mention must not stay from before. */
const clearRole = (role: string): string[] => [
  `ALTER ROLE ${quoteIdentifier(role)} PASSWORD NULL`,
  `ALTER ROLE ${quoteIdentifier(role)} RESET ALL`,
]

async function makeTablespaces(work: RestoreWork, script: GlobalsScript): Promise<void> {
  const rows = await askServer(work, 'SELECT spcname AS name FROM pg_catalog.pg_tablespace')
  const present = new Set(rows.map(({ name }) => name))
  for (const { name, location, create } of script.tablespaces) {
    if (present.has(name)) continue
    await tellServer(work, [create]).catch((error: unknown) => {
      throw work.run.signal.aborted ? error : noTablespace(name, location, error)
    })
  }
  await tellServer(work, script.tablespaceDetails)
}

const noTablespace = (name: string, location: string, error: unknown): RecoveryError =>
  new RecoveryError(
    'preflight-failed',
    `tablespace ${name} cannot be made in ${location || 'the data directory'}: ${messageOf(error)}`,
    {
      hint: `give the server an empty folder ${location} that its own user may write to (a volume mounted there), and run it again`,
      cause: error,
    },
  )
