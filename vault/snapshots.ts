import { VaultError } from './errors.ts'
import { parseSnapshot, type StoredSnapshot } from './format/snapshot.ts'
import type { Repository } from './repository.ts'
import { aboutFile } from './stored-file.ts'
import type { Snapshot } from './types.ts'

/** Reads one snapshot file. Rejects with file-missing, or vault-damaged naming the file. */
export async function loadSnapshot(repository: Repository, id: string): Promise<StoredSnapshot> {
  const json = await repository.loadUnpacked('snapshots', id)
  return aboutFile('snapshots', id, () => parseSnapshot(id, json))
}

/** Called for a snapshot file that cannot be read. */
export type OnDamaged = (id: string, error: unknown) => void

// Opening many small files at once helps on storages with a long way; memory stays small.
const atOnce = 8

/** All snapshots, oldest first. One that cannot be read rejects, unless `onDamaged` is there to be told. */
export async function listSnapshots(repository: Repository, onDamaged?: OnDamaged): Promise<StoredSnapshot[]> {
  const files = await repository.storage.list('snapshots')
  return loadSnapshots(
    repository,
    files.map(({ name }) => name),
    onDamaged,
  )
}

async function loadSnapshots(
  repository: Repository,
  ids: readonly string[],
  onDamaged?: OnDamaged,
): Promise<StoredSnapshot[]> {
  const snapshots: StoredSnapshot[] = []
  for (let i = 0; i < ids.length; i += atOnce) {
    const loaded = await Promise.all(ids.slice(i, i + atOnce).map(id => loadOrTell(repository, id, onDamaged)))
    for (const snapshot of loaded) if (snapshot) snapshots.push(snapshot)
  }
  return snapshots.sort((a, b) => a.time.getTime() - b.time.getTime() || (a.id < b.id ? -1 : 1))
}

// undefined: removed between listing and reading, or damaged and told.
async function loadOrTell(
  repository: Repository,
  id: string,
  onDamaged?: OnDamaged,
): Promise<StoredSnapshot | undefined> {
  try {
    return await loadSnapshot(repository, id)
  } catch (error) {
    const code = error instanceof VaultError ? error.code : undefined
    if (code === 'file-missing') return undefined
    if (!onDamaged || code !== 'vault-damaged') throw error
    onDamaged(id, error)
    return undefined
  }
}

/**
 * The snapshot named by its id, the unique beginning of it, or 'latest', among those that `filter` accepts. What cannot
 * be read is not in the way of the latest that can: `onDamaged` is told of it.
 */
export async function findSnapshot(
  repository: Repository,
  idOrPrefix: string,
  filter: (snapshot: Snapshot) => boolean = () => true,
  onDamaged?: OnDamaged,
): Promise<Snapshot> {
  if (idOrPrefix === 'latest') return findLatest(repository, filter, onDamaged)
  // Only files whose name fits are read, so a damaged one among the others is not in the way.
  const names = (await repository.storage.list('snapshots')).map(({ name }) => name)
  const prefix = idOrPrefix.toLowerCase()
  const fitting = /^[0-9a-f]{1,64}$/.test(prefix) ? names.filter(name => name.startsWith(prefix)) : []
  const [found, ...more] = (await loadSnapshots(repository, fitting)).filter(filter)
  if (!found) throw unknown(`no recovery point starts with ${idOrPrefix}`)
  if (more.length === 0) return found
  const ids = [found, ...more].map(({ id }) => id.slice(0, prefix.length + 4))
  throw new VaultError('point-ambiguous', `several recovery points start with ${idOrPrefix}: ${ids.join(', ')}`, {
    hint: 'give more of its digits',
  })
}

async function findLatest(
  repository: Repository,
  filter: (snapshot: Snapshot) => boolean,
  onDamaged?: OnDamaged,
): Promise<Snapshot> {
  const damages: unknown[] = []
  const snapshots = await listSnapshots(repository, (id, error) => {
    damages.push(error)
    onDamaged?.(id, error)
  })
  const latest = snapshots.filter(filter).at(-1)
  if (latest) return latest
  throw damages[0] ?? unknown('the vault has no recovery point that fits')
}

const unknown = (message: string): VaultError =>
  new VaultError('point-unknown', message, { hint: 'list the ones there are with: aidatavault points' })
