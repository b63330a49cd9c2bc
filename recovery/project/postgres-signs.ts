import path from 'node:path'
import { isInside } from './paths.ts'

/** What is known about a service, from its model, its container and its image. */
export interface ServiceSigns {
  readonly image: string
  /** The image is built from the project, and has the name that Compose gives it: PROJECT-SERVICE, which says nothing of it. */
  readonly isNamedByCompose: boolean
  /** The image's own environment; undefined where the image is not there to be asked. */
  readonly imageEnv: Readonly<Record<string, string>> | undefined
  /** As the container has it, else as the model says. */
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Of the model, where it overrides the image's. */
  readonly entrypoint: readonly string[] | undefined
  readonly command: readonly string[] | undefined
  /** Where the model mounts something. */
  readonly targets: readonly string[]
}

/** The last component of an image's name, without registry, tag and digest: 'postgres' of 'registry:5000/library/postgres:17@sha256:…'. */
export const imageName = (reference: string): string =>
  path.posix.basename(reference.split('@')[0]!).split(':')[0]!.toLowerCase()

const serverImage =
  /postgres|postgis|timescale|pgvector|pgvecto|vectorchord|paradedb|pgduckdb|pg_duckdb|citus|spilo|^pg[-_]?\d*$|^pgsql/
// Programs around PostgreSQL whose images carry its name, some of them built on its image. Whole words: a carpool is no pool.
const otherImage = new RegExp(
  `(^|[-_.])(${[
    '(php-?)?(pg)?admin\\d*|exporters?|(pg)?(bouncer|pool)(-?ii)?|postgrest|(pg-?)?back-?ups?|(pg-?)?(dump|restore)s?|clients?',
    'operator|proxy|(post)?graphile|graphql|meta|pgweb|pghero|monitor(ing)?|metrics|migrat(e|or|ions?)|wal-g|barman',
    'pgbackrest|toolbox|ui|mcp|cli|init|cron',
  ].join('|')})($|[-_.])`,
)

/** By which sign a service is a PostgreSQL server, in words; undefined where it is none. */
export function postgresSign(signs: ServiceSigns): string | undefined {
  const label = signs.labels['aidatavault.postgres']
  if (label !== undefined) return /^(true|1|yes|on)$/i.test(label) ? 'label aidatavault.postgres' : undefined
  const name = signs.isNamedByCompose ? '' : imageName(signs.image)
  if (!mountsData(signs) && (otherImage.test(name) || runsOtherProgram(signs))) return undefined
  if (serverImage.test(name)) return `image ${signs.image}`
  // Only servers have PGDATA; the POSTGRES_… of an env file go to every service that shares it.
  if (signs.imageEnv?.['PGDATA']) return 'PGDATA of its image'
  if (signs.env['PGDATA']) return 'PGDATA'
  if (signs.imageEnv && isServerEnv(signs.imageEnv)) return 'PG_MAJOR of its image'
  return undefined
}

const isServerEnv = (env: Readonly<Record<string, string>>): boolean =>
  env['PG_MAJOR'] !== undefined || env['PG_VERSION'] !== undefined || env['POSTGRESQL_VOLUME_DIR'] !== undefined

const clients =
  /^(psql|pg_dump|pg_dumpall|pg_restore|pg_isready|pg_basebackup|pg_receivewal|pgbench|createdb|sleep|tail|cat|true|echo|crond?|supercronic)$/
const shells = /^(sh|bash|ash|dash)$/
const startsServer =
  /docker-entrypoint|docker-ensure-initdb|\bpg_ctl\b|\bpatroni\b|(^|[\s;&])(exec\s+|gosu\s+\S+\s+|su-exec\s+\S+\s+)*postgres(\s+-|\s*$)/

/**
 * A service that mounts the data directory is no helper, whatever it is called: better to fail at a server that does not
 * answer than to copy its files while it writes.
 */
const mountsData = (signs: ServiceSigns): boolean =>
  signs.targets.some(target => isInside(dataDirectory(signs), target.replace(/(.)\/+$/, '$1')))

/** A service of a server's image that was given another program to run, such as a nightly pg_dump. */
function runsOtherProgram(signs: ServiceSigns): boolean {
  const words = [...(signs.entrypoint ?? []), ...(signs.command ?? [])]
  const first = words[0]
  if (first === undefined || first.startsWith('-')) return false
  const program = path.posix.basename(first)
  return clients.test(program) || (shells.test(program) && !startsServer.test(words.slice(1).join(' ')))
}

const known: readonly (readonly [RegExp, string])[] = [
  [/^postgresql(-repmgr|-ha)?$/, '/bitnami/postgresql/data'],
  [/^timescaledb-ha$/, '/home/postgres/pgdata/data'],
  [/^spilo/, '/home/postgres/pgdata'],
]

/** Where the server keeps its data, as it would tell if it were asked: PGDATA, else what its image is known for. */
export function dataDirectory({ env, imageEnv, image }: Pick<ServiceSigns, 'env' | 'imageEnv' | 'image'>): string {
  const told = env['PGDATA'] ?? imageEnv?.['PGDATA'] ?? env['POSTGRESQL_DATA_DIR']
  if (told) return path.posix.normalize(told)
  const name = imageName(image)
  const place = known.find(([pattern]) => pattern.test(name))?.[1]
  if (place) return place
  const major = Number(/:(\d+)/.exec(image.split('/').at(-1)!)?.[1] ?? 0)
  // From 18 on the official image has a folder for each major.
  return major >= 18 && major < 100 ? `/var/lib/postgresql/${major}/docker` : '/var/lib/postgresql/data'
}

/** User, password and database as the images make them; `env` has what is set. */
export function superuserOf(env: Readonly<Record<string, string>>): {
  readonly user: string
  readonly password: string | undefined
  readonly database: string
} {
  const first = (...names: string[]) => names.map(name => env[name]).find(Boolean)
  const user = first('POSTGRES_USER', 'POSTGRESQL_USERNAME', 'POSTGRESQL_USER', 'PGUSER_SUPERUSER') ?? 'postgres'
  return {
    user,
    password: first('POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD', 'PGPASSWORD_SUPERUSER'),
    database: first('POSTGRES_DB', 'POSTGRESQL_DATABASE') ?? user,
  }
}
