import { describe, expect, it } from 'vitest'
import { parseSftpLocation } from './location.ts'

describe('the location of a vault on an sftp server', () => {
  it.each([
    ['sftp:backup@host:/srv/vault', { user: 'backup', host: 'host', folder: '/srv/vault' }],
    ['sftp:host:vault', { host: 'host', folder: 'vault' }],
    ['sftp:host:', { host: 'host', folder: '.' }],
    ['sftp:host:/', { host: 'host', folder: '/' }],
    ['sftp:user@domain.org@host:a//b/', { user: 'user@domain.org', host: 'host', folder: 'a/b' }],
    ['sftp:user@[::1]:/srv', { user: 'user', host: '::1', folder: '/srv' }],
    ['sftp:host:/with:colon and space', { host: 'host', folder: '/with:colon and space' }],
    ['sftp://user@[::1]:2222//srv/vault', { user: 'user', host: '::1', port: '2222', folder: '/srv/vault' }],
    ['sftp://host/relative/vault', { host: 'host', folder: 'relative/vault' }],
    ['sftp://user%40domain@host//a%20b', { user: 'user@domain', host: 'host', folder: '/a b' }],
  ])('%s is read as restic reads it', (location, place) => {
    expect(parseSftpLocation(location)).toEqual({ location, ...place })
  })

  it.each([
    'sftp:host',
    'sftp::/srv',
    'sftp:/srv/vault',
    'sftp://host',
    'sftp:///srv',
    'sftp://host:port//srv',
    'sftp://host//a%zz',
    'sftp:host:~/vault',
    'sftp:host:/a\0b',
  ])('%s is refused', location => {
    expect(() => parseSftpLocation(location)).toThrow(
      expect.objectContaining({ code: 'bad-input', hint: expect.any(String) }),
    )
  })

  it.each(['sftp:-oProxyCommand=touch:x', 'sftp:-l@host:x', 'sftp://-oProxyCommand=touch/x'])(
    '%s cannot give ssh an option',
    location => expect(() => parseSftpLocation(location)).toThrow(expect.objectContaining({ code: 'bad-input' })),
  )

  it('does not take a password, and does not repeat it', () => {
    const parse = () => parseSftpLocation('sftp://user:geheim@host//srv')
    expect(parse).toThrow('a password has no place')
    expect(parse).not.toThrow(/geheim/)
  })
})
