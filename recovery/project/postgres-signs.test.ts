import { describe, expect, it } from 'vitest'
import { dataDirectory, imageName, postgresSign, superuserOf } from './postgres-signs.ts'
import type { ServiceSigns } from './postgres-signs.ts'

const signs = (more: Partial<ServiceSigns>): ServiceSigns => ({
  ...{
    image: 'app',
    isNamedByCompose: false,
    imageEnv: undefined,
    env: {},
    labels: {},
    entrypoint: undefined,
    command: undefined,
    targets: [],
  },
  ...more,
})
const isServer = (more: Partial<ServiceSigns>) => postgresSign(signs(more)) !== undefined

describe('a PostgreSQL server', () => {
  it.each([
    ...[
      'postgres',
      'postgres:17',
      'postgres:16-alpine@sha256:ab',
      'library/postgres',
      'registry:5000/team/postgres:15',
    ],
    ...[
      'postgis/postgis:16-3.4',
      'timescale/timescaledb:latest-pg16',
      'timescale/timescaledb-ha:pg17',
      'pgvector/pgvector:pg17',
    ],
    ...['supabase/postgres:15.1', 'bitnami/postgresql:16', 'bitnamilegacy/postgresql-repmgr:16', 'citusdata/citus:12'],
    ...[
      'ghcr.io/zalando/spilo-17:4.0',
      'paradedb/paradedb',
      'tensorchord/pgvecto-rs:pg16',
      'ghcr.io/immich-app/postgres:14',
    ],
    ...['tensorchord/vchord-postgres:pg17', 'registry.example.org/shop-postgres', 'kartoza/postgis:15', 'postgresql'],
  ])('is the image %s', image => expect(isServer({ image })).toBe(true))

  it.each([
    ...[
      'dpage/pgadmin4',
      'quay.io/prometheuscommunity/postgres-exporter',
      'edoburu/pgbouncer',
      'postgrest/postgrest:v12',
    ],
    ...[
      'bitnami/pgpool:4',
      'supabase/postgres-meta:v0.80',
      'prodrigestivill/postgres-backup-local:17',
      'sosedoff/pgweb',
    ],
    ...[
      'graphile/postgraphile',
      'ankane/pghero',
      'app',
      'mysql:8',
      'redis',
      'postgres-migrations',
      'schickling/postgres-backup-s3',
    ],
  ])('is not the image %s, even when it was built on the real one', image =>
    expect(isServer({ image, imageEnv: { PGDATA: image.startsWith('p') ? '/x' : '' } })).toBe(false),
  )

  it('is known by PGDATA where the image has another name', () => {
    expect(postgresSign(signs({ image: 'shop-db', imageEnv: { PGDATA: '/data' } }))).toBe('PGDATA of its image')
    expect(postgresSign(signs({ image: 'shop-db', env: { PGDATA: '/data' } }))).toBe('PGDATA')
    expect(isServer({ image: 'shop-db', imageEnv: { PG_MAJOR: '17' } })).toBe(true)
  })

  it('is not everything that shares its env file', () => {
    const env = { POSTGRES_PASSWORD: 'x', POSTGRES_USER: 'u', POSTGRES_DB: 'd', PGHOST: 'db' }
    expect(isServer({ image: 'shop-server', env, imageEnv: { NODE_VERSION: '24' } })).toBe(false)
  })

  it('is what its label says, whatever else it is', () => {
    expect(isServer({ image: 'anything', labels: { 'aidatavault.postgres': 'true' } })).toBe(true)
    expect(isServer({ image: 'postgres:17', labels: { 'aidatavault.postgres': 'false' } })).toBe(false)
  })

  it('is not a helper that runs another program of its image', () => {
    const helper = (command: string[], entrypoint?: string[]) => isServer({ image: 'postgres:17', command, entrypoint })
    expect(helper(['pg_dump', '-h', 'db'])).toBe(false)
    expect(helper(['sh', '-c', 'while :; do pg_dump -U postgres shop; sleep 86400; done'])).toBe(false)
    expect(helper([], ['sleep', 'infinity'])).toBe(false)
    expect(helper(['postgres', '-c', 'max_connections=500'])).toBe(true)
    expect(helper(['-c', 'shared_buffers=1GB'])).toBe(true)
    expect(helper(['bash', '-c', 'chown x /y && exec docker-entrypoint.sh postgres'])).toBe(true)
    expect(helper(['sh', '-c', 'exec gosu postgres postgres -D /data'])).toBe(true)
  })

  it('stays one when what runs is odd but the data directory is mounted', () => {
    const service = { image: 'postgres:17', entrypoint: ['sleep', '1000'], targets: ['/var/lib/postgresql/data'] }
    expect(isServer(service)).toBe(true)
  })

  it('keeps its data where it says, else where its image is known to', () => {
    const place = (image: string, env = {}, imageEnv = {}) => dataDirectory({ image, env, imageEnv })
    expect(place('postgres:17', { PGDATA: '/a/' }, { PGDATA: '/b' })).toBe('/a/')
    expect(place('postgres:17', {}, { PGDATA: '/b' })).toBe('/b')
    expect(place('postgres:17')).toBe('/var/lib/postgresql/data')
    expect(place('postgres:18-alpine')).toBe('/var/lib/postgresql/18/docker')
    expect(place('registry:5000/postgres')).toBe('/var/lib/postgresql/data')
    expect(place('bitnami/postgresql:16')).toBe('/bitnami/postgresql/data')
    expect(place('timescale/timescaledb-ha:pg17')).toBe('/home/postgres/pgdata/data')
  })

  it('has the defaults of its image', () => {
    expect(superuserOf({})).toEqual({ user: 'postgres', password: undefined, database: 'postgres' })
    expect(superuserOf({ POSTGRES_USER: 'u', POSTGRES_PASSWORD: 'p' })).toEqual({
      user: 'u',
      password: 'p',
      database: 'u',
    })
    expect(superuserOf({ POSTGRESQL_USERNAME: 'b', POSTGRESQL_DATABASE: 'd' })).toMatchObject({
      user: 'b',
      database: 'd',
    })
  })

  it('is one whatever its project is called, where Compose named its image after that', () => {
    const named = { isNamedByCompose: true, imageEnv: { PGDATA: '/var/lib/postgresql/data' } }
    for (const image of ['client-portal-db', 'admin-db', 'backup-db', 'carpool-db', 'nightly-backup'])
      expect([image, isServer({ ...named, image })]).toEqual([image, true])
    expect(isServer({ image: 'postgres-demo-app', isNamedByCompose: true, imageEnv: { NODE_VERSION: '24' } })).toBe(
      false,
    )
  })

  it('is one whatever its image is called, where something is mounted at its data directory', () => {
    const imageEnv = { PGDATA: '/var/lib/postgresql/data' }
    expect(isServer({ image: 'client-portal-db:1', imageEnv, targets: ['/var/lib/postgresql/'] })).toBe(true)
    expect(isServer({ image: 'postgres-admin', targets: ['/var/lib/postgresql/data'] })).toBe(true)
    expect(isServer({ image: 'client-portal-db:1', imageEnv, targets: ['/var/lib/post'] })).toBe(false)
  })

  it('is not a helper because of a part of a word in its image’s name', () => {
    const imageEnv = { PGDATA: '/data' }
    for (const image of ['carpool-db', 'swimmingpool-postgres', 'bikeadministration-db', 'micron-db', 'multiclient-db'])
      expect([image, isServer({ image, imageEnv })]).toEqual([image, true])
  })

  it('is named by the last part of a reference', () => {
    expect(['a/b/C:1', 'h:5000/x@sha256:0', 'x'].map(imageName)).toEqual(['c', 'x', 'x'])
  })
})
