import { z } from 'zod'

/**
 * `manifest.json` at the root of every recovery point: what the point holds, in which state, and what is needed to
 * check that it came back. It is encrypted like the rest of the point, and not for showing as it is: `settings` and
 * `driverOptions`, which recovery needs, can hold a secret of the user's, so `points show` has their names alone. Readers
 * accept unknown fields, so that an older program reads a newer point of the same version.
 */

const count = z.number().int().nonnegative()
/** 64 lower-case hex digits. */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** A way through a tree: '/'-separated, relative; bytes that are not UTF-8 as in `encodePathText`. */
const pathText = z.string()

export const projectFacts = z.object({
  /** Never only the name: two hosts may run a `shop`. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{7,63}$/),
  /** Compose's project name; the folder's name where there is no Compose. */
  name: z.string().min(1),
  /** What fixes the name; 'folder' changes with the folder's name. */
  nameFrom: z.enum(['file', 'environment', 'flag', 'folder']),
  hostname: z.string(),
  /** Absolute path of what counts as the project's whole folder: the git work tree, or the Compose project directory. */
  root: z.string(),
  /** The Compose project directory, relative to root; '' when they are the same. */
  directory: z.string(),
  /** Compose files relative to root, or absolute when outside; empty without Compose. */
  composeFiles: z.array(z.string()),
  /** Whether these differ from what Compose would find by itself, so that `-f` is needed again. */
  composeFilesGiven: z.boolean(),
  profiles: z.array(z.string()),
})

export const codeFacts = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('git'),
    /** null on an unborn branch. */
    head: z.string().nullable(),
    /** null when HEAD is detached. */
    branch: z.string().nullable(),
    refs: z.array(z.object({ name: z.string(), id: z.string() })),
    stashes: count,
    /** Lines of `git status --porcelain` by kind. */
    staged: count,
    dirty: count,
    untracked: count,
    /** Tracked files that are missing from the work tree. */
    deleted: count,
    /** Fingerprint of refs, stashes, the index and the files that `git status` lists, to compare after recovery. */
    state: sha256,
    /** Below the root, brought back by configuration and volumes, and so not in `state`. */
    elsewhere: z.array(pathText).optional(),
    remotes: z.array(z.object({ name: z.string(), url: z.string() })),
    /** Files of the work tree that are in the point because a checkout would not give them back. */
    files: count,
    /** Of all that the point holds of the code. */
    bytes: count,
    /** The bundle of the repository; absent where there was nothing to bundle. `of` is a hash of all that decides what is in it. */
    bundle: z.object({ of: sha256, bytes: count, sha256 }).optional(),
  }),
  z.object({ kind: z.literal('folder'), files: count, bytes: count }),
])

export const configFile = z.object({
  /** Relative to the project's root, or absolute when outside. */
  path: pathText,
  inPoint: pathText,
  kind: z.enum(['env', 'compose', 'mounted', 'secret', 'aidatavault']),
  mode: count,
  bytes: count,
  sha256,
})

export const tableFacts = z.object({
  schema: z.string(),
  name: z.string(),
  /** pg_class.relkind: r table, p partitioned, m materialized view, f foreign. */
  kind: z.enum(['r', 'p', 'm', 'f']),
  /** Exact, counted in the dump's own snapshot; null for what holds no rows of its own (p, f, unpopulated m). */
  rows: count.nullable(),
  /** With `fingerprints`: of all its rows, in whatever order, taken in the dump's own snapshot; absent: none was taken. */
  fingerprint: z.string().optional(),
})

export const sequenceFacts = z.object({
  schema: z.string(),
  name: z.string(),
  /** Text: it exceeds what a JSON number keeps. null when never used. */
  lastValue: z.string().nullable(),
})

export const databaseFacts = z.object({
  name: z.string(),
  owner: z.string(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  /** pg_database.datlocprovider: c libc, i icu, b builtin. */
  provider: z.string(),
  icuLocale: z.string().nullable(),
  icuRules: z.string().nullable(),
  connectionLimit: z.number().int(),
  isTemplate: z.boolean(),
  allowsConnections: z.boolean(),
  sizeBytes: count,
  extensions: z.array(z.object({ name: z.string(), version: z.string(), schema: z.string() })),
  tables: z.array(tableFacts),
  sequences: z.array(sequenceFacts),
  largeObjects: count,
  /** Objects by kind (index, constraint, trigger, function, policy, view, …), counted in the same snapshot. */
  objects: z.record(z.string(), count),
  /** SQL that `pg_dump` without --create leaves out: ALTER DATABASE … SET, per-role SETs, GRANTs and comment on the database; %DATABASE% stands for its quoted name. */
  settings: z.array(z.string()),
  /** null when the server was captured physically. */
  dump: z.object({ inPoint: pathText, bytes: count, sha256 }).nullable(),
})

export const serverFacts = z.object({
  /** server_version_num, for example 170010. */
  version: count,
  versionText: z.string(),
  /** Text: it exceeds 2^53. */
  systemIdentifier: z.string(),
  dataDirectory: z.string(),
  dataChecksums: z.boolean(),
})

export const databaseServer = z.object({
  /** The Compose service, or the name in aidatavault.yml. */
  name: z.string(),
  access: z.enum(['service', 'url']),
  method: z.enum(['logical', 'physical']),
  /** The superuser that captured it. */
  user: z.string(),
  server: serverFacts,
  roles: z.array(z.string()),
  globals: z.object({ inPoint: pathText, bytes: count, sha256 }).nullable(),
  databases: z.array(databaseFacts),
  /** Databases that could not be dumped, and are not in the point, with the reason. */
  closed: z.array(z.object({ name: z.string(), why: z.string() })).optional(),
  /** The volume (key) or bind mount that holds the data directory; null when unknown or none. */
  storedOn: z.string().nullable(),
  /** The labels of that volume; absent for a folder. */
  volumeLabels: z.record(z.string(), z.string()).optional(),
  /** Credentials of the application that were seen in env files and tried; the password stays in the env file. */
  logins: z.array(
    z.object({
      user: z.string(),
      database: z.string(),
      /** Where they come from: service and variable, never the value. */
      from: z.string(),
      worked: z.boolean(),
    }),
  ),
  /** How much it had written when it was captured, to tell later what a loss would cost; absent: it was not asked. */
  activity: z
    .object({
      walLsn: z.string(),
      /** Inserted, updated and deleted since its statistics were reset. */
      rowsWritten: count,
      /** Seconds since 1970. */
      statsReset: z.string(),
    })
    .optional(),
  physical: z
    .object({
      inPoint: pathText,
      startLsn: z.string(),
      endLsn: z.string(),
      timeline: count,
      files: count,
      bytes: count,
      tablespaces: z.array(z.object({ oid: z.string(), location: z.string(), inPoint: pathText })),
      /** What the server said of corrupt pages: the backup is kept, and they are in it. */
      corrupt: z.array(z.string()).default([]),
    })
    .nullable(),
})

export const volumeFacts = z.object({
  /** Compose's key of a volume; a bind mount's path (relative to root where it is inside). */
  key: z.string(),
  kind: z.enum(['volume', 'anonymous', 'bind']),
  /** The engine's name of the volume; the absolute host path of a bind mount. */
  name: z.string(),
  inPoint: pathText,
  mounts: z.array(z.object({ service: z.string(), target: z.string() })),
  driver: z.string(),
  driverOptions: z.record(z.string(), z.string()),
  labels: z.record(z.string(), z.string()),
  external: z.boolean(),
  /** files: read where they lie, with xattrs. docker-cp: through the engine, which drops user xattrs. */
  way: z.enum(['files', 'docker-cp']),
  /** A bind mount of a single file. */
  isFile: z.boolean(),
  files: count,
  folders: count,
  others: count,
  bytes: count,
  skipped: z.array(z.string()),
  /** Everything that writes to it was stopped, or paused, while it was read; absent: something ran. */
  consistency: z.enum(['pause', 'stop']).optional(),
  /** The PostgreSQL server whose data directory it is, captured as files while nothing ran on it; absent: none, or not so. */
  server: z
    .object({
      name: z.string(),
      /** As PG_VERSION says: '17'. */
      version: z.string(),
      /** Text: it exceeds 2^53. null: its control file cannot be understood. */
      systemIdentifier: z.string().nullable(),
      /** Where links of the data directory lead to: tablespaces, the log; as its container has it. */
      outside: z.array(z.string()).optional(),
    })
    .optional(),
})

export const imageFacts = z.object({
  service: z.string(),
  reference: z.string(),
  /** Id of the local image, 'sha256:…'; null when the engine had none. */
  id: z.string().nullable(),
  digests: z.array(z.string()),
  platform: z.string().nullable(),
  /** The compose file builds it: it comes back from the code. */
  builds: z.boolean(),
  /** The folder with the files of its archive, for docker load; absent: the point does not hold its bytes. */
  inPoint: pathText.optional(),
})

export const serviceFacts = z.object({
  name: z.string(),
  /** Ran when the point was taken: recovery starts these, and leaves the others stopped. */
  ran: z.boolean(),
  /** Had a health check, so that recovery can wait for it. */
  hasHealthcheck: z.boolean(),
})

export const manifest = z.object({
  version: z.literal(1),
  /** For example 'aidatavault 0.1.0'. */
  program: z.string(),
  state: z.enum(['complete', 'incomplete']),
  takenAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  project: projectFacts,
  code: codeFacts.nullable(),
  config: z.array(configFile),
  servers: z.array(databaseServer),
  volumes: z.array(volumeFacts),
  services: z.array(serviceFacts),
  images: z.array(imageFacts),
  /** Services that were kept from writing while their volumes were read. */
  quieted: z.array(z.object({ service: z.string(), mode: z.enum(['pause', 'stop']) })).optional(),
  /** What belongs to the project and is not in the point, with the reason. */
  leftOut: z.array(z.object({ what: z.string(), why: z.string() })),
  /** For how long services were stopped or paused for it, in milliseconds; absent: for none. */
  downMs: count.optional(),
})

export type Manifest = z.infer<typeof manifest>
export type ProjectFacts = z.infer<typeof projectFacts>
export type CodeFacts = z.infer<typeof codeFacts>
export type ConfigFile = z.infer<typeof configFile>
export type DatabaseServer = z.infer<typeof databaseServer>
export type DatabaseFacts = z.infer<typeof databaseFacts>
export type ServerFacts = z.infer<typeof serverFacts>
export type TableFacts = z.infer<typeof tableFacts>
export type SequenceFacts = z.infer<typeof sequenceFacts>
export type VolumeFacts = z.infer<typeof volumeFacts>
export type ServiceFacts = z.infer<typeof serviceFacts>
export type ImageFacts = z.infer<typeof imageFacts>
