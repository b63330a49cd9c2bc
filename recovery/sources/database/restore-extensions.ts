import type { DatabaseFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { askServer, type ServerWork } from './restore-work.ts'

/** What a server can offer of one extension. */
export interface Offer {
  readonly byDefault: string
  readonly versions: ReadonlySet<string>
}

const offersSql = `
  SELECT e.name, e.default_version AS by_default, v.version
  FROM pg_catalog.pg_available_extensions e JOIN pg_catalog.pg_available_extension_versions v ON v.name = e.name`

/** By name. */
export async function listOffers(work: ServerWork): Promise<ReadonlyMap<string, Offer>> {
  const offers = new Map<string, { byDefault: string; versions: Set<string> }>()
  for (const row of await askServer(work, offersSql)) {
    const offer = offers.get(row['name'] ?? '') ?? { byDefault: row['by_default'] ?? '', versions: new Set() }
    offers.set(row['name'] ?? '', { ...offer, versions: offer.versions.add(row['version'] ?? '') })
  }
  return offers
}

/** Every extension that the databases need and the server lacks, for people. */
export const lackingExtensions = (
  databases: readonly Pick<DatabaseFacts, 'name' | 'extensions'>[],
  offers: ReadonlyMap<string, Offer>,
): string[] =>
  databases.flatMap(({ name: database, extensions }) =>
    extensions.filter(({ name }) => !offers.has(name)).map(({ name, version }) => `${name} ${version} (${database})`),
  )

/** Rejects with preflight-failed, naming every extension that the databases need and the server lacks. */
export function assertOffered(databases: readonly DatabaseFacts[], offers: ReadonlyMap<string, Offer>): void {
  const lacking = lackingExtensions(databases, offers)
  if (lacking.length === 0) return
  throw new RecoveryError('preflight-failed', `the PostgreSQL image lacks extensions: ${lacking.join(', ')}`, {
    hint: 'use the image that the point names, or build one that has them',
  })
}

/**
 * Creates ahead of the dump those extensions whose version was not the one that is made when none is named, which is what
 * the dump asks for. Where a schema comes with the dump, the extension has to wait for it, and is made in that version.
 */
export function pinnedExtensions(
  { extensions }: Pick<DatabaseFacts, 'extensions'>,
  offers: ReadonlyMap<string, Offer>,
): string[] {
  const pinned = extensions.filter(({ name, version, schema }) => {
    const offer = offers.get(name)
    return offer?.versions.has(version) && offer.byDefault !== version && ['public', 'pg_catalog'].includes(schema)
  })
  return pinned.map(
    ({ name, version, schema }) =>
      `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)} SCHEMA ${quoteIdentifier(schema)} VERSION ${quoteLiteral(version)}`,
  )
}
