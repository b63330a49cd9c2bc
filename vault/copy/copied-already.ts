import type { StoredSnapshot } from '../format/snapshot.ts'

/**
 * The copies among `there` of a snapshot, by restic's rule: it has the same first id, and says the same of time, content,
 * host, user, paths and tags. A copy whose tags were changed since is another snapshot.
 */
export class KnownCopies {
  readonly #byOriginal = new Map<string, StoredSnapshot[]>()

  constructor(there: readonly StoredSnapshot[]) {
    for (const snapshot of there) this.add(snapshot)
  }

  // One that was copied from there to here in the first place has its own id as the other's original.
  add(snapshot: StoredSnapshot): void {
    for (const id of new Set([snapshot.id, snapshot.original ?? snapshot.id]))
      this.#byOriginal.set(id, [...(this.#byOriginal.get(id) ?? []), snapshot])
  }

  copyOf(snapshot: StoredSnapshot): StoredSnapshot | undefined {
    const fitting = this.#byOriginal.get(snapshot.original ?? snapshot.id)
    return fitting?.find(found => saying(found) === saying(snapshot))
  }
}

const saying = ({ time, tree, hostname, username, uid, gid, paths, excludes, tags }: StoredSnapshot): string =>
  JSON.stringify([time, tree, hostname, username, uid ?? 0, gid ?? 0, paths, excludes ?? [], tags])
