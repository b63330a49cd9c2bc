import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { Ask } from './database-facts.ts'

export type Activity = NonNullable<DatabaseServer['activity']>

const activitySql = `
  SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END AS lsn,
         coalesce(sum(tup_inserted + tup_updated + tup_deleted), 0)::bigint AS rows,
         coalesce(extract(epoch FROM max(stats_reset)), 0)::text AS reset
  FROM pg_stat_database`

/** How far a server has come with its writing; to be compared with later. Its statistics lag about a second behind. */
export async function readActivity(ask: Ask): Promise<Activity> {
  const [row] = await ask(activitySql)
  return activityOf(row)
}

const activityOf = (row: Awaited<ReturnType<Ask>>[number] | undefined): Activity => ({
  walLsn: row?.['lsn'] ?? '0/0',
  rowsWritten: Number(row?.['rows'] ?? 0),
  statsReset: row?.['reset'] ?? '0',
})

/** What one question tells of a living server. */
export interface ServerLife {
  readonly systemIdentifier: string
  readonly activity: Activity
  /** Names of all that take connections, without templates. */
  readonly databases: readonly string[]
}

const lifeSql = `
  SELECT (SELECT system_identifier FROM pg_control_system())::text AS id, a.*,
         (SELECT coalesce(json_agg(datname ORDER BY datname), '[]')::text FROM pg_database
           WHERE datallowconn AND NOT datistemplate) AS databases
  FROM (${activitySql}) a`

/** Who a server is, how far it has come with its writing, and which databases it has: in one round trip. Any role may ask. */
export async function readLife(ask: Ask): Promise<ServerLife> {
  const [row] = await ask(lifeSql)
  const databases = JSON.parse(row?.['databases'] ?? '[]') as string[]
  return { systemIdentifier: row?.['id'] ?? '', activity: activityOf(row), databases }
}

/** What the same server has written between two moments: bytes of WAL, and rows where its statistics were not reset. */
export function writtenSince(before: Activity, now: Activity): { walBytes: number; rows: number | null } {
  const walBytes = Number(positionOf(now.walLsn) - positionOf(before.walLsn))
  const rows = now.rowsWritten - before.rowsWritten
  return { walBytes: Math.max(0, walBytes), rows: before.statsReset === now.statsReset && rows >= 0 ? rows : null }
}

/** '16/B374D848': the two halves of a 64-bit number. */
function positionOf(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}
