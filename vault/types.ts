import type { NodeMetadata, TreeNode } from './format/node.ts'

/** Where in a point something lies: UTF-8, '/'-separated, no leading slash; '' is the root. */
export type PathInPoint = string

/** Handed to everything that takes long. Aborting rejects with VaultError 'interrupted' and leaves no half-written file. */
export interface VaultRun {
  readonly signal?: AbortSignal
  /** Called often and synchronously with what was done since the last call. */
  readonly onProgress?: (done: { readonly files: number; readonly bytes: number }) => void
  /** Injected time, milliseconds since 1970. */
  readonly now?: () => number
}

/** Something that goes into a point or comes out of it, not (only) from a file system: a tar entry, for example. */
export interface Entry {
  /** Raw bytes relative to where the entries are saved, '/'-separated; empty for the top folder itself. */
  readonly path: Uint8Array
  readonly metadata: NodeMetadata
  /** Files: exactly this many bytes follow. */
  readonly size: bigint
  /** Files: the content; must be consumed (or returned) before the next entry is asked for. */
  readonly bytes?: AsyncIterable<Uint8Array>
  /** A further name of a file that was an entry before: its path. Then there are no bytes. */
  readonly hardLinkTo?: Uint8Array
}

export interface Counts {
  readonly files: number
  readonly folders: number
  /** Symlinks, fifos, devices. */
  readonly others: number
  /** Sum of the files' lengths. */
  readonly bytes: number
}

export interface SavedFile {
  readonly bytes: number
  /** SHA-256 over the whole content, 64 hex digits. */
  readonly sha256: string
  /** Its first bytes, at most 16. */
  readonly head: Uint8Array
}

/**
 * An open pipe or socket that nobody else reads any more, by its descriptor. Whoever is given it closes it. Reading it takes
 * a thread of its own instead of this one's streams.
 */
export interface OpenPipe {
  readonly fd: number
  /** What was read of it already. */
  readonly begun?: Uint8Array
}

export interface SavedFolder extends Counts {
  /** Sockets: they hold no data and cannot be saved. Paths for people. */
  readonly skipped: readonly string[]
  /** Entries that were listed and then gone: somebody changes the folder while it is read. Paths for people; absent if none. */
  readonly gone?: readonly string[]
}

/** How contents become blobs. */
export interface CutOptions {
  /**
   * Blobs of exactly this many bytes (4 KiB to 8 MiB), the last one shorter, instead of content-defined ones: for files
   * that change in place, page by page, so that only the blobs of touched pages are new. Contents up to this size are
   * one blob either way.
   */
  readonly blockBytes?: number
}

/** A look at a folder that has begun before it is saved; see `lookAhead`. */
export interface Looking {
  /** Whether there proved to be so much in the folder that a thread looks at it. */
  readonly begun: Promise<boolean>
  /** Resolves when no thread of it is left. Whoever began it calls this, whatever happened; more than once does no harm. */
  end(): Promise<void>
}

export interface SaveFolderOptions extends CutOptions {
  /** Decides for each entry below the folder; a folder that is refused is not entered. Default: everything. */
  readonly select?: (path: Uint8Array, type: NodeMetadata['type']) => boolean
  /**
   * Where the same folder lies in an earlier point: a file with the same size, mtime, ctime and inode is not read
   * again, restic's rule. Without it everything is read (and deduplicated).
   */
  readonly like?: { readonly snapshot: Snapshot; readonly path: PathInPoint }
  /** With `like`, and without `select`: what has begun to look at this folder before. Of another folder it is not used. */
  readonly looking?: Looking
}

export interface SnapshotDetails {
  readonly time: Date
  readonly hostname: string
  readonly username: string
  readonly paths: readonly string[]
  readonly tags: readonly string[]
  readonly parent?: string
  readonly programVersion: string
}

/** One snapshot of the vault; ours and restic's alike. */
export interface Snapshot {
  /** 64 lower-case hex digits. */
  readonly id: string
  readonly time: Date
  /** Minutes east of UTC on the clock of who took it. Absent: 0. */
  readonly utcOffset?: number
  /** The root tree's blob id. */
  readonly tree: string
  readonly paths: readonly string[]
  readonly hostname: string
  readonly username: string
  readonly tags: readonly string[]
  readonly parent?: string
  readonly original?: string
  readonly programVersion: string
  readonly summary?: SnapshotSummary
}

export interface SnapshotSummary {
  readonly filesNew: number
  readonly filesChanged: number
  readonly filesUnmodified: number
  /** Plaintext bytes of blobs that were new to the vault. */
  readonly dataAdded: number
  /** The same as stored: compressed, encrypted. */
  readonly dataAddedPacked: number
  readonly totalFilesProcessed: number
  readonly totalBytesProcessed: number
}

/**
 * Saves into one new snapshot. Nothing is visible in the vault before `publish`, and nothing but unreferenced packs
 * stays behind if the scope ends without it. Calls may run side by side; each path is saved once.
 * Folders above a path are made as needed (0700, time of the scope's start).
 */
export interface Uploader {
  /** A regular file of unknown length; the source's error rejects the call and spoils the scope. */
  saveStream(
    path: PathInPoint,
    bytes: AsyncIterable<Uint8Array> | OpenPipe,
    mode?: number,
    options?: CutOptions,
  ): Promise<SavedFile>
  /** A folder of this machine with everything in it; unreadable files reject with 'source-unreadable', naming them. */
  saveFolder(path: PathInPoint, folder: string, options?: SaveFolderOptions): Promise<SavedFolder>
  /** One file of this machine, with its metadata. */
  saveFile(path: PathInPoint, file: string): Promise<SavedFile>
  /**
   * The file that an earlier point has at this path, as it is there: nothing of it is read. Resolves to false, and saves nothing,
   * where that point has no file of exactly so many bytes there, or where the vault lacks any of its blobs.
   */
  saveEarlier(path: PathInPoint, snapshot: Snapshot, bytes: number): Promise<boolean>
  /** Entries in any order in which a folder precedes what is in it. */
  saveEntries(path: PathInPoint, entries: AsyncIterable<Entry>, options?: CutOptions): Promise<SavedFolder>
  /**
   * Ends the scope, and everything that is being saved, for this reason, unless it has failed already: for who saves side by side,
   * and has lost what was to be saved too.
   */
  fail(reason: unknown): void
  /** Last: packs durable, then index, then the snapshot file. Once only. */
  publish(details: SnapshotDetails): Promise<Snapshot>
}

/** One thing that differs between a point and a folder or a stream of entries. */
export interface Difference {
  readonly path: string
  readonly what:
    | 'missing'
    | 'unexpected'
    | 'type'
    | 'content'
    | 'mode'
    | 'owner'
    | 'mtime'
    | 'link'
    | 'xattr'
    | 'hard-link'
    | 'device'
  readonly expected?: string
  readonly found?: string
}

export interface CompareOptions {
  /** What the way of transport cannot keep and so is not compared (docker cp: xattr). */
  readonly ignore?: readonly Difference['what'][]
  /** Stop after so many differences. Default 100. */
  readonly limit?: number
  /** Entries to leave out of the comparison. */
  readonly select?: (path: Uint8Array) => boolean
}

export interface RestoreOptions {
  /** Chooses entries below `path`. Default: everything. */
  readonly select?: (path: Uint8Array, type: NodeMetadata['type']) => boolean
  /** Long zero runs become holes. Default true. */
  readonly sparse?: boolean
  /** Owners are restored; default true when the process is root. */
  readonly owners?: boolean
  /**
   * 'refuse' (default): the target must be absent or an empty folder.
   * 'merge': into a folder that exists; an entry that exists already with equal type, size, mtime and content is kept and not
   * written to, but for owners and permissions that differ; any other is an error.
   */
  readonly existing?: 'refuse' | 'merge'
  /** Sync files and folders to disk before returning. Default true. */
  readonly fsync?: boolean
}

export interface RestoredFolder extends Counts {
  /** What could not be brought back exactly (a device without root, an xattr the file system refuses). Never file content: that rejects. */
  readonly warnings: readonly string[]
}

/** One thing that `check` found. */
export interface Problem {
  /** hint: untidy but harmless. damage: data is lost, altered or unreachable. */
  readonly severity: 'hint' | 'damage'
  readonly kind:
    | 'file-damaged'
    | 'file-missing'
    | 'pack-size'
    | 'pack-header'
    | 'blob-damaged'
    | 'blob-missing'
    | 'tree-invalid'
    | 'snapshot-invalid'
    | 'index-damaged'
    | 'key-damaged'
    | 'config-damaged'
    | 'pack-orphan'
    | 'pack-mixed'
    | 'pack-in-several-indexes'
    | 'lock-unreadable'
  /** The storage file it is about, like data/ab/ab12…, snapshots/…; '' if none. */
  readonly file: string
  /** One sentence for people. */
  readonly message: string
  /** Ids of the snapshots that cannot be restored whole because of it. */
  readonly snapshots: readonly string[]
}

export interface CheckOptions {
  /** Read and verify every pack. Without it only folder lists are read. */
  readonly readData: boolean
  /** What a path of a point belongs to, for the report's `points`. Default: the first name in it. */
  readonly partOf?: (path: PathInPoint) => string
}

/** A snapshot that cannot be restored whole. */
export interface DamagedPoint {
  readonly id: string
  /** undefined: not even the snapshot file can be read. */
  readonly time: Date | undefined
  /** What of it is touched, the first hundred; empty where nothing can be known. */
  readonly parts: readonly string[]
}

export interface CheckReport {
  readonly problems: readonly Problem[]
  /** Oldest first. */
  readonly points: readonly DamagedPoint[]
  readonly snapshots: number
  readonly packs: number
  /** Bytes of packs that were read and verified; 0 without readData. */
  readonly bytesRead: number
}

/** What reading all of one point has found. */
export interface SnapshotReading {
  /** Different blobs that were read and verified, folder lists among them, and their plaintext bytes. */
  readonly blobs: number
  readonly bytes: number
  /** What of the point cannot be had, by path in it; the first ones. */
  readonly problems: readonly { readonly path: string; readonly message: string }[]
  /** How many more there are. */
  readonly further: number
}

/** An Ed25519 signature, as hex digits: 64 of the key, 128 of the signature. */
export interface Signature {
  readonly publicKey: string
  readonly signature: string
}

/** The steps of a repair, in their order. Each needs those before it. */
export type RepairStep = 'index' | 'packs' | 'points'

export interface RepairOptions {
  readonly steps: readonly RepairStep[]
  /** Read and verify every pack; else only what is missing, short, or met on the way is found. */
  readonly readData: boolean
  /** A file at the top of points that says what is in them: it is to say what is lost. undefined leaves it as it is. */
  readonly describe?: {
    readonly file: string
    readonly rewrite: (bytes: Uint8Array, lost: readonly LostPart[], further: number) => Uint8Array | undefined
  }
}

/** Something that a point had. Of a file some of the content may be left, under its name with '.damaged' at the end. */
export interface LostPart {
  readonly path: PathInPoint
  readonly what: 'file' | 'folder' | 'entry'
}

export interface RepairPlan {
  /** undefined: it stays as it is. */
  readonly index:
    { readonly unreadable: readonly string[]; readonly packsFound: number; readonly packsGone: number } | undefined
  /** Damaged packs that go: how many of their blobs are good and are kept, and how many are lost. */
  readonly packs: readonly { readonly file: string; readonly blobs: number; readonly lost: number }[]
  /** Points that are stored anew without what they have lost (the first parts, and how many more); gone: nothing of it is left. */
  readonly points: readonly {
    readonly snapshot: Snapshot
    readonly lost: readonly LostPart[]
    readonly further: number
    readonly isGone: boolean
  }[]
  /** Files of points, and of keys, that nobody can read and that go. */
  readonly unreadablePoints: readonly string[]
  readonly keys: readonly string[]
}

export interface RepairReport {
  readonly plan: RepairPlan
  /** false: there was nothing to do, or it was not agreed to. */
  readonly done: boolean
  /** Points that were stored anew, or (undefined) removed, as nothing was left of them. */
  readonly points: readonly { readonly from: string; readonly to: string | undefined }[]
}

/** A snapshot and its copy in another vault. */
export interface Copied {
  readonly from: Snapshot
  readonly to: Snapshot
}

export interface CopyReport {
  /** What the target has now and had not before, oldest first. */
  readonly copied: readonly Copied[]
  /** What it had already. */
  readonly present: readonly Copied[]
  /** What cannot be copied whole, as the source is damaged; nothing of it appears in the target. */
  readonly failed: readonly { readonly from: Snapshot; readonly error: Error }[]
  /** Blobs that were new to the target, and their bytes as stored there. */
  readonly blobs: number
  readonly bytesAdded: number
}

export interface Lock {
  readonly id: string
  readonly time: Date
  readonly exclusive: boolean
  readonly hostname: string
  readonly username: string
  readonly pid: number
  /** Older than 30 minutes, or of a process of this host that is gone. */
  readonly stale: boolean
}

export interface KeyInfo {
  readonly id: string
  readonly username: string
  readonly hostname: string
  readonly created: Date | undefined
}

/** Snapshots that are to be removed. */
export interface Forgetting {
  /** Full ids; one that is gone already is no error. */
  readonly ids: readonly string[]
  /** Snapshots that stay, in view of which these were chosen: where one of them is gone, nothing is removed. */
  readonly stays?: readonly string[]
}

export interface PruneOptions {
  /** Removed first, under the same lock. */
  readonly forget?: Forgetting
  /** How much of no use may stay in packs: a share of all that is there afterwards, or bytes. Default: 5 percent. */
  readonly maxUnused?: { readonly percent: number } | { readonly bytes: number } | 'unlimited'
  /** Packs of so many bytes together are written anew at most. Default: no limit. */
  readonly maxRepackBytes?: number
  /** Writes only packs of folder lists anew, which a local cache has. */
  readonly repackCacheableOnly?: boolean
}

/** What pruning does, or did: packs and their bytes in the storage. */
export interface PrunePlan {
  /** Snapshots that stay, and that go. */
  readonly points: number
  readonly forgets: number
  /** Bytes in packs that points need, and that none needs, before. */
  readonly usedBytes: number
  readonly unusedBytes: number
  /** Packs that nothing in is needed of. */
  readonly removedPacks: number
  readonly removedBytes: number
  /** Packs that no index lists: what runs left that broke off. */
  readonly orphanPacks: number
  readonly orphanBytes: number
  /** Packs that are written anew without what is not needed of them; bytes: of what is needed. */
  readonly repackedPacks: number
  readonly repackedBytes: number
  /** By how much the vault becomes smaller. */
  readonly freedBytes: number
  /** Not needed, and left where it is. */
  readonly unusedBytesLeft: number
}

/** An opened vault. Reads take no lock unless said; `withUploader` takes a shared lock and refreshes it. */
export interface Vault {
  /** The repository id, 64 hex digits. */
  readonly id: string
  /** For people and hints: the path or URL it was opened with. */
  readonly location: string
  readonly version: 1 | 2
  /** The key file that the password opened. */
  readonly keyId: string

  withUploader<T>(run: VaultRun, use: (uploader: Uploader) => Promise<T>): Promise<T>

  /**
   * Works under a shared lock that keeps out whoever else, on whichever machine, works for the same purpose, and what deletes.
   * `purpose`: for people too, such as 'drill of shop-4f2a91c8'. Rejects with vault-locked.
   */
  withPurpose<T>(purpose: string, run: VaultRun, use: (signal: AbortSignal) => Promise<T>): Promise<T>

  /**
   * Works under a shared lock where one can be had, so that nothing is deleted that is about to be read. Where none can (a vault
   * that may only be read, or that somebody uses alone), `unlocked` is told why, and it works without: what is read is verified
   * either way, and nobody's recovery waits for a lock.
   */
  whileReading<T>(run: VaultRun, use: (signal: AbortSignal) => Promise<T>, unlocked: (why: unknown) => void): Promise<T>

  /** Oldest first. An unreadable snapshot file is an error naming it, unless `damaged` is given to be told instead. */
  listSnapshots(options?: { readonly damaged?: (id: string, error: unknown) => void }): Promise<readonly Snapshot[]>
  /**
   * By full id, unique prefix, or 'latest' (among those `filter` accepts). Unreadable snapshot files do not keep the
   * latest readable one from being found; `damaged` is told of them. Rejects with point-unknown, point-ambiguous, and
   * vault-damaged when the one that was asked for cannot be read, or none that fits can.
   */
  findSnapshot(
    idOrPrefix: string,
    filter?: (snapshot: Snapshot) => boolean,
    options?: { readonly damaged?: (id: string, error: unknown) => void },
  ): Promise<Snapshot>
  /** The nodes of the folder at `path`, in the order stored (raw bytes). Rejects with file-missing. */
  listFolder(snapshot: Snapshot, path: PathInPoint): Promise<readonly TreeNode[]>
  /** The node at `path`, or undefined. */
  findNode(snapshot: Snapshot, path: PathInPoint): Promise<TreeNode | undefined>
  /** A file's bytes, each blob verified before it is handed out. */
  readFile(snapshot: Snapshot, path: PathInPoint): AsyncIterable<Uint8Array>
  /** Everything below `path`, folders before what is in them, the folder itself first (empty path); hard links resolved. */
  entries(snapshot: Snapshot, path: PathInPoint): AsyncIterable<Entry>
  restoreFolder(
    snapshot: Snapshot,
    path: PathInPoint,
    target: string,
    options: RestoreOptions,
    run: VaultRun,
  ): Promise<RestoredFolder>
  /** Reads the folder whole and compares every byte and attribute with the point. */
  compareFolder(
    snapshot: Snapshot,
    path: PathInPoint,
    folder: string,
    options: CompareOptions,
    run: VaultRun,
  ): Promise<readonly Difference[]>
  /** The same for entries from elsewhere (a tar stream). */
  compareEntries(
    snapshot: Snapshot,
    path: PathInPoint,
    entries: AsyncIterable<Entry>,
    options: CompareOptions,
    run: VaultRun,
  ): Promise<readonly Difference[]>

  /** Takes no part in trust: reads everything anew from storage. Exclusive lock, as restic. `readData` verifies every pack. */
  check(options: CheckOptions, run: VaultRun): Promise<CheckReport>

  /** Reads anew from storage all that this one point needs, and verifies every blob. What it finds is in the result, not thrown. */
  verifySnapshot(snapshot: Snapshot, run: VaultRun): Promise<SnapshotReading>

  /** Signs with a key that follows from the vault's own, so that whoever opens the vault can tell what it has signed. */
  sign(bytes: Uint8Array): Signature

  /**
   * Brings back what can be: the index from the packs, good blobs of damaged packs, points without what they have lost, which then
   * carry the tag 'repaired' and name the point they were. `agree` is asked before anything changes. Under the exclusive lock.
   */
  repair(options: RepairOptions, agree: (plan: RepairPlan) => Promise<boolean>, run: VaultRun): Promise<RepairReport>

  /**
   * Copies snapshots of this vault into another one: the same but for `original`, which names the first, and `parent`. Only
   * blobs that are missing there are read, verified and written. Both get a shared lock. What is there already, by restic's rule,
   * is passed over. Rejects with bad-input where it is the same vault; what damage of this one keeps back is in the report.
   */
  copyTo(target: Vault, snapshots: readonly Snapshot[], run: VaultRun): Promise<CopyReport>
  /** The copies that `target` has of these snapshots, by their ids here. */
  findCopies(target: Vault, snapshots: readonly Snapshot[]): Promise<ReadonlyMap<string, Snapshot>>
  /** Whether both cut contents in the same places, so that what is in one deduplicates with new points of the other. */
  cutsLike(other: Vault): boolean

  /** Removes snapshots. Exclusive lock. What only they needed stays until `prune`. */
  removeSnapshots(forgetting: Forgetting, run: VaultRun): Promise<void>
  /** What `prune` would do; reads only, under a shared lock. Rejects with vault-damaged where it would. */
  planPrune(options: PruneOptions, run: VaultRun): Promise<PrunePlan>
  /**
   * Removes what no snapshot needs, and gathers what is left of packs. Exclusive lock. What cannot be followed to its end
   * rejects with vault-damaged, before anything is changed; broken off anywhere, every snapshot that stays is whole, and
   * the next one goes on.
   */
  prune(options: PruneOptions, run: VaultRun): Promise<PrunePlan>

  listKeys(): Promise<readonly KeyInfo[]>
  /** A further password for the same vault, tried before this resolves with the key's id. `username` tells keys apart in listings. */
  addKey(password: string, username: string): Promise<string>
  /** Removes a key, under the exclusive lock. Rejects with bad-input where it is the one that opened this vault. */
  removeKey(id: string, run: VaultRun): Promise<void>
  /**
   * Puts a key for this password in the place of others, which may be the one in use: it is tried, `added` is called, then the others
   * are removed. Whatever breaks off leaves a vault that can be opened.
   */
  replaceKeys(
    ids: readonly string[],
    password: string,
    username: string,
    added: (id: string) => Promise<void>,
    run: VaultRun,
  ): Promise<string>
  listLocks(): Promise<readonly Lock[]>
  /** Removes stale locks (all with `all`); returns those removed. */
  unlock(options: { readonly all: boolean }): Promise<readonly Lock[]>
  /** Forgets what was read, and ends the storage's connections. */
  close(): Promise<void>
}
