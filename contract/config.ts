import { z } from 'zod'
import { metrics, notifications, pings } from './notification-config.ts'

const duration = z.string().regex(/^\d+(ms|s|m|h)$/)
const span = z.string().regex(/^\d+(ms|s|m|h|d)$/)

/** The parts of a project that a command can destroy. */
export const guardedParts = ['code', 'config', 'databases', 'volumes'] as const

/** A command around captures and restores. */
const hook = z.strictObject({
  /** A line for `sh -c`. */
  run: z.string().min(1),
  /** In this running service's container; on this machine, in the project's directory, where it is left out. */
  service: z.string().optional(),
  /** In the container: as this user. */
  user: z.string().optional(),
  /** Default 60s. */
  timeout: duration.optional(),
  /** fail (default): the whole run fails. warn: it goes on. */
  onError: z.enum(['fail', 'warn']).optional(),
})

const keepCount = z.union([z.number().int().min(-1), z.literal('unlimited')])
/** As restic has it: 1y5m7d2h. */
const keepSpan = z.string().regex(/^(\d{1,6}[ymdh])+$/)

/** Which points `retain` keeps: restic's policies. What any of them keeps is kept. */
const retain = z.strictObject({
  /** How many: of the newest, and of the newest in each of the last hours, days, … that have any. -1 or unlimited: all. */
  keepLast: keepCount.optional(),
  keepHourly: keepCount.optional(),
  keepDaily: keepCount.optional(),
  keepWeekly: keepCount.optional(),
  keepMonthly: keepCount.optional(),
  keepYearly: keepCount.optional(),
  /** All that are not older than this, counted back from the newest. */
  keepWithin: keepSpan.optional(),
  /** The newest in each hour, day, … so far back. */
  keepWithinHourly: keepSpan.optional(),
  keepWithinDaily: keepSpan.optional(),
  keepWithinWeekly: keepSpan.optional(),
  keepWithinMonthly: keepSpan.optional(),
  keepWithinYearly: keepSpan.optional(),
  /** Points with this tag, or with all of several that are separated by commas. */
  keepTag: z.array(z.string()).optional(),
  /** How much of no use may stay in packs: 5%, 500M, unlimited. Default 5%. */
  maxUnused: z
    .string()
    .regex(/^(unlimited|\d+(\.\d+)?(%|[kKmMgGtT]?[bB]?))$/)
    .optional(),
})

/** What a drill asks of a recovered database: one SELECT, whose first value counts. */
const sqlCheck = z.strictObject({
  name: z.string().min(1),
  /** A server and database of the project; may be left out where there is only one. */
  server: z.string().optional(),
  database: z.string().optional(),
  /** %TAKEN_AT% stands for the time of the point, as a timestamptz. */
  query: z.string().min(1),
  /** What it must be, as psql prints it. Default t: true. */
  expect: z.union([z.string(), z.number(), z.boolean()]).optional(),
})

/** What a drill asks of a started service, from another container in its network. */
const httpCheck = z.strictObject({
  name: z.string().min(1),
  service: z.string(),
  port: z.number().int().min(1).max(65_535),
  /** Default /. */
  path: z.string().startsWith('/').optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Default 200. */
  status: z.number().int().min(100).max(599).optional(),
  /** Must be in the answer. */
  contains: z.string().optional(),
  /** For how long it is asked again. Default 30s. */
  timeout: duration.optional(),
})

/** Rehearsals of a recovery in an isolated copy of the project. */
const drill = z.strictObject({
  /** true (default): all services that ran. false: the databases alone. A list: these, and what they depend on. */
  startApplication: z.union([z.boolean(), z.array(z.string())]).optional(),
  /** How long services may take to become healthy. Default 5m. */
  startTimeout: duration.optional(),
  /** The same as `targets` of the file itself, which goes before it. */
  targets: z.strictObject({ rto: span.optional(), rpo: span.optional() }).optional(),
  limits: z
    .strictObject({
      /** Of each container. Default 2. */
      cpus: z.number().positive().optional(),
      /** Of each container, as Compose has it. Default 2g. */
      memory: z
        .string()
        .regex(/^\d+[bkmg]$/i)
        .optional(),
    })
    .optional(),
  sql: z.array(sqlCheck).optional(),
  http: z.array(httpCheck).optional(),
})

/** Cron expressions, one or several: minute, hour, day of the month, month, day of the week; a field for seconds may go before. */
const times = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])

/** When `run` does what. A job that is left out is not done. */
const schedule = z.strictObject({
  /** IANA name. Default: the machine's. */
  timezone: z.string().min(1).optional(),
  /** Up to so much later each run begins, always the same for the same time. Default 5m. */
  jitter: duration.optional(),
  /** Whether the last of the runs that were missed is made up for. Default true. */
  catchUp: z.boolean().optional(),
  backup: times.optional(),
  /** Into the further vaults. */
  copy: times.optional(),
  retain: times.optional(),
  check: times.optional(),
  drill: times.optional(),
})

/** `aidatavault.yml` in the project's folder: optional, without secrets. Unknown keys are an error: a typo must not silently protect less. */
export const config = z.strictObject({
  /** Written by `init`; makes two projects of one name different. */
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{7,63}$/)
    .optional(),
  /** Path or URL of the vault. */
  vault: z.string().optional(),
  /** Further vaults: every point that is taken is copied into each of them. */
  vaults: z.array(z.string().min(1)).optional(),
  /** Only for projects without Compose: the project's name. */
  name: z.string().optional(),
  /** PostgreSQL servers by name. For a Compose service the key is the service's name. */
  databases: z
    .record(
      z.string(),
      z.strictObject({
        /** Reached by URL instead of through a Compose service; the password may be left out and come from passwordFrom. */
        url: z.string().optional(),
        /** 'FILE#KEY': an env file of the project and the key in it that holds the password (or the whole URL when `url` is absent). */
        secretFrom: z
          .string()
          .regex(/^[^#]+#[^#]+$/)
          .optional(),
        method: z.enum(['logical', 'physical']).optional(),
        /** The superuser to capture with, when it cannot be found. */
        user: z.string().optional(),
        /** physical, by URL: where the data directory lies, and is laid again by `recover`; relative to the project. */
        dataDirectory: z.string().optional(),
        protect: z.boolean().optional(),
      }),
    )
    .optional(),
  /** Volumes by Compose key, or folders by path (relative to the project). */
  volumes: z.record(z.string(), z.strictObject({ protect: z.boolean().optional() })).optional(),
  /** Compose services, by name. */
  services: z
    .record(
      z.string(),
      z.strictObject({
        /** While volumes are read: hot (default) leaves it running, pause freezes it, stop stops it. */
        consistency: z.enum(['hot', 'pause', 'stop']).optional(),
      }),
    )
    .optional(),
  /** true: the bytes of all images of the project go into every point; built: of those that the project builds. */
  images: z.union([z.boolean(), z.literal('built')]).optional(),
  hooks: z
    .strictObject({
      beforeCapture: z.array(hook).optional(),
      /** Also when the capture failed. */
      afterCapture: z.array(hook).optional(),
      beforeRestore: z.array(hook).optional(),
      /** Also when the restore failed. */
      afterRestore: z.array(hook).optional(),
    })
    .optional(),
  drill: drill.optional(),
  /** What is wanted of the protection; `status` and the reports of drills hold what is there against it. */
  targets: z
    .strictObject({
      /** How old the newest point may be. */
      rpo: span.optional(),
      /** How long a recovery may take. */
      rto: span.optional(),
      /** How long ago a drill may have proved a point last. */
      proof: span.optional(),
    })
    .optional(),
  /** true: every backup takes a fingerprint of each table's content, which a drill compares. Reads every row once more. */
  fingerprints: z.boolean().optional(),
  /** How many days a restore keeps the old database, volume or folder. Default 7. */
  keepOldDays: z.number().int().min(0).max(3650).optional(),
  retain: retain.optional(),
  schedule: schedule.optional(),
  notifications: notifications.optional(),
  pings: pings.optional(),
  metrics: metrics.optional(),
  /** What `guard` takes a safety point before, besides what it knows. */
  guard: z
    .strictObject({
      commands: z
        .array(
          z.strictObject({
            /** As in docs/guide/guard.md: its words in order, options in any place. */
            command: z.string().min(1),
            /** Everything where it is left out. */
            endangers: z.array(z.enum(guardedParts)).min(1).optional(),
          }),
        )
        .optional(),
    })
    .optional(),
  /** Further files with configuration or secrets, globs relative to the project. */
  config: z.array(z.string()).optional(),
})

/** When hooks run. */
export const hookEvents = ['beforeCapture', 'afterCapture', 'beforeRestore', 'afterRestore'] as const
export type HookEvent = (typeof hookEvents)[number]

export type Config = z.infer<typeof config>
export type DrillConfig = z.infer<typeof drill>
export type SqlCheck = z.infer<typeof sqlCheck>
export type HttpCheck = z.infer<typeof httpCheck>
export type Hook = z.infer<typeof hook>
