/** What a session is told before it is asked: its own names first, and a transaction that lasts as long as it must. */

export const ownSearchPath = 'SET search_path = pg_catalog;'

/** Every server has its own set of time limits, and none of them may end a transaction that is held on purpose. */
export const noTimeouts = `
  SELECT pg_catalog.set_config(name, '0', false) AS value FROM pg_catalog.pg_settings
  WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
                 'idle_session_timeout', 'transaction_timeout')`

/**
 * The server would make machine code for questions to its catalogs, which takes five times as long as the answer. Servers
 * before 11 know nothing of it.
 */
export const noCompiling = `
  SELECT pg_catalog.set_config(name, 'off', false) AS value FROM pg_catalog.pg_settings WHERE name = 'jit'`

export const snapshotBegin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;'

export const snapshotId = 'SELECT pg_catalog.pg_export_snapshot() AS id'
