import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findLogins } from './logins.ts'
import { encodePostgresUrl, parsePostgresUrl } from './postgres-url.ts'
import type { ServerAddress } from './logins.ts'
import type { ProjectServer } from './project.ts'

const server: ProjectServer = {
  ...{
    name: 'db',
    access: 'service',
    method: 'logical',
    running: true,
    foundBy: 'image postgres:17',
    storedOn: 'data',
  },
  environment: { user: 'postgres', password: undefined, database: 'postgres' },
}
const address: ServerAddress = { server, hosts: new Set(['db', 'database']), ports: new Set([5433]) }
const logins = (variables: Record<string, string>) => findLogins([{ from: 'service app', variables }], [address])
const login = (user: string, password: string, database: string, variable: string) => [
  { server: 'db', user, password, database, from: `service app, ${variable}` },
]

describe('a login of the application', () => {
  it.each([
    'postgres://u:p@db/shop',
    'postgresql://u:p@db:5432/shop?sslmode=disable',
    'postgresql+asyncpg://u:p@DATABASE/shop',
    'jdbc:postgresql://db:5432/shop?user=u&password=p',
    'postgis://u:p@db/shop',
    'postgres://u:p@localhost:5433/shop',
    'postgresql://u:p@other,db/shop',
    'postgresql:///shop?host=db&user=u&password=p',
  ])('is read from %s', url => expect(logins({ DATABASE_URL: url })).toEqual(login('u', 'p', 'shop', 'DATABASE_URL')))

  it('may have anything in its password', () => {
    expect(logins({ URL: 'postgres://u:p%40s%2Fs@db/shop' })).toEqual(login('u', 'p@s/s', 'shop', 'URL'))
    expect(logins({ URL: 'postgres://u:p@s/s:#1@db/shop'.replace('#', '%23') })).toEqual(
      login('u', 'p@s/s:#1', 'shop', 'URL'),
    )
    expect(logins({ URL: 'postgres://u:100%@db/shop' })).toEqual(login('u', '100%', 'shop', 'URL'))
  })

  it.each([
    ['PGHOST', { PGHOST: 'db', PGUSER: 'u', PGPASSWORD: 'p', PGDATABASE: 'shop' }],
    ['POSTGRES_HOST', { POSTGRES_HOST: 'db', POSTGRES_USER: 'u', POSTGRES_PASSWORD: 'p', POSTGRES_DB: 'shop' }],
    ['DB_HOST', { DB_HOST: 'db:5432', DB_USERNAME: 'u', DB_PASS: 'p', DB_NAME: 'shop' }],
    ['GITEA__database__HOST', gitea()],
    [
      'DB_POSTGRESDB_HOST',
      {
        DB_POSTGRESDB_HOST: 'db',
        DB_POSTGRESDB_USER: 'u',
        DB_POSTGRESDB_PASSWORD: 'p',
        DB_POSTGRESDB_DATABASE: 'shop',
      },
    ],
    ['PGHOST', { PGHOST: 'db', PGUSER: 'u', PGDATABASE: 'shop', POSTGRES_PASSWORD: 'p' }],
    [
      'SPRING_DATASOURCE_URL',
      {
        SPRING_DATASOURCE_URL: 'jdbc:postgresql://db/shop',
        SPRING_DATASOURCE_USERNAME: 'u',
        SPRING_DATASOURCE_PASSWORD: 'p',
      },
    ],
    ['KC_DB_URL', { KC_DB_URL: 'jdbc:postgresql://db/shop', KC_DB_USERNAME: 'u', KC_DB_PASSWORD: 'p' }],
  ] as [string, Record<string, string>][])('is read from a set that begins with %s', (variable, variables) =>
    expect(logins(variables)).toEqual(login('u', 'p', 'shop', variable)),
  )

  it.each([
    ['another host', { DATABASE_URL: 'postgres://u:p@elsewhere/shop' }],
    ['another port of this machine', { DATABASE_URL: 'postgres://u:p@localhost:5432/shop' }],
    ['another kind of server', { DATABASE_URL: 'mysql://u:p@db/shop', REDIS_HOST: 'redis', REDIS_PASSWORD: 'x' }],
    ['a set without a password', { PGHOST: 'db', PGUSER: 'u' }],
  ])('is not read from %s', (_what, variables) => expect(logins(variables)).toEqual([]))

  it('is listed once, and the server’s own besides', () => {
    const variables = { DATABASE_URL: 'postgres://u:p@db/shop', READ_URL: 'postgres://u:p@db/shop' }
    const own = { ...server, environment: { user: 'postgres', password: 'root', database: 'postgres' } }
    const found = findLogins([{ from: 'service app', variables }], [{ ...address, server: own }])
    expect(found.map(({ user, from }) => [user, from])).toEqual([
      ['u', 'service app, DATABASE_URL'],
      ['postgres', 'service db, its own environment'],
    ])
  })
})

function gitea(): Record<string, string> {
  const set = { HOST: 'db:5432', USER: 'u', PASSWD: 'p', NAME: 'shop' }
  return Object.fromEntries(Object.entries(set).map(([name, value]) => [`GITEA__database__${name}`, value]))
}

describe('a URL for PostgreSQL', () => {
  it('comes back as it was written', () => {
    const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter(text => text.isWellFormed())
    const parts = fc.record({
      hosts: fc.constantFrom([{ host: 'db', port: 5432 }], [{ host: '[::1]', port: undefined }]),
      ...{ user: word, password: fc.option(word, { nil: undefined }), database: word },
      query: fc.constantFrom('', 'sslmode=require'),
    })
    fc.assert(fc.property(parts, url => void expect(parsePostgresUrl(encodePostgresUrl(url))).toEqual(url)))
  })

  it('may name a socket, or no host at all', () => {
    const socket = parsePostgresUrl('postgresql:///shop?host=/run/postgresql')!
    expect(socket).toMatchObject({ hosts: [{ host: '/run/postgresql' }], database: 'shop' })
    expect(encodePostgresUrl(socket)).toBe('postgresql://localhost/shop?host=%2Frun%2Fpostgresql')
    expect(parsePostgresUrl('https://db/shop')).toBeUndefined()
    expect(parsePostgresUrl('plain text')).toBeUndefined()
  })
})
