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
  return { walLsn: row?.['lsn'] ?? '0/0', rowsWritten: Number(row?.['rows'] ?? 0), statsReset: row?.['reset'] ?? '0' }
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
