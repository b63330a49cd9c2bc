import { quoteIdentifier } from '../../drivers/postgres/sql-text.ts'
import type { Filling, ServerWork } from '../../sources/database/index.ts'

/**
 * Makes the schema of the present database in the one beside: tables before the rows come, keys, indexes and triggers
 * after them, so that every key is held against the rows; materialized views are computed then.
 */
export function presentSchema(work: ServerWork, present: string, beside: string): NonNullable<Filling['schema']> {
  const { access, run } = work
  let dump: Buffer | undefined
  const read = async (): Promise<Buffer> => (dump ??= await whole(access.dumpSchema(present, run)))
  const restore = async (sections: readonly ('pre-data' | 'post-data')[]) =>
    access.restoreDump(beside, pieces(await read()), run, { sections })
  return {
    before: () => restore(['pre-data']),
    after: async () => {
      await restore(['post-data'])
      const views = await access.query(present, populatedViews, run)
      const statements = views.map(({ schema, name }) => refresh(schema ?? '', name ?? ''))
      if (statements.length > 0) await access.execute(beside, statements.join('\n'), { oneTransaction: false }, run)
    },
  }
}

// In the order in which they were made: one may be computed from another.
const populatedViews = `
  SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND c.relispopulated ORDER BY c.oid`

const refresh = (schema: string, name: string) =>
  `REFRESH MATERIALIZED VIEW ${quoteIdentifier(schema)}.${quoteIdentifier(name)};`

async function whole({ bytes, finished }: ReturnType<ServerWork['access']['dumpSchema']>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  await finished
  return Buffer.concat(chunks)
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}
