import { describe, expect, it } from 'vitest'
import { connectionEnvironment, parseConnectionUrl } from './connection-settings.ts'
import { connectionText } from './sql-text.ts'

const settings = {
  ...{ host: 'localhost', port: 5432, user: 'postgres', password: undefined, database: 'postgres' },
  ...{ sslMode: 'prefer', sslRootCert: undefined, sslCert: undefined, sslKey: undefined },
}

describe('the URL of a database', () => {
  it.each([
    ['postgres://', settings],
    ['postgresql://me@db', { ...settings, user: 'me', host: 'db', database: 'me' }],
    [
      'postgres://m%40e:p%3A%2F%40@db.example:5433/my%20db?schema=public&sslmode=verify-full&sslrootcert=/ca.pem',
      {
        ...{ ...settings, user: 'm@e', password: 'p:/@', host: 'db.example', port: 5433, database: 'my db' },
        ...{ sslMode: 'verify-full', sslRootCert: '/ca.pem' },
      },
    ],
    ['postgresql://me@[::1]:1/a', { ...settings, user: 'me', host: '::1', port: 1, database: 'a' }],
    [
      'postgresql://me@localhost/a?host=/run/postgresql&port=6000&user=you&password=x&dbname=b',
      { ...settings, host: '/run/postgresql', port: 6000, user: 'you', password: 'x', database: 'b' },
    ],
  ])('%s is understood', (url, expected) => {
    expect(parseConnectionUrl(url)).toEqual(expected)
  })

  it('takes a password from elsewhere where it holds none', () => {
    expect(parseConnectionUrl('postgres://a@b/c', 'elsewhere').password).toBe('elsewhere')
    expect(parseConnectionUrl('postgres://a:own@b/c', 'elsewhere').password).toBe('own')
  })

  it.each([
    'mysql://a:secret@b/c',
    'secret',
    'postgres://a:secret@b:0/c',
    'postgres://a:secret%@b/c',
    'postgres://a:secret@b?sslmode=maybe',
  ])('%s is refused, and not repeated, for it may hold a password', url => {
    expect(() => parseConnectionUrl(url)).toThrow(expect.objectContaining({ code: 'bad-input' }) as Error)
    expect(() => parseConnectionUrl(url)).not.toThrow('secret')
  })

  it('reaches client programs by their environment, a service file of the user left out', () => {
    expect(connectionEnvironment(parseConnectionUrl('postgres://a:b@c:1/d'))).toEqual({
      ...{ PGHOST: 'c', PGHOSTADDR: undefined, PGPORT: '1', PGUSER: 'a', PGPASSWORD: 'b', PGSSLMODE: 'prefer' },
      ...{ PGDATABASE: undefined, PGSERVICE: undefined },
    })
  })
})

describe('the name of a database', () => {
  it('is given so that it is never taken for a connection string', () => {
    expect(connectionText({ dbname: `host=evil'\\` })).toBe(`dbname='host=evil\\'\\\\'`)
  })
})
