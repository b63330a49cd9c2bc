import { describe, expect, it } from 'vitest'
import { RecoveryError } from '../domain/errors.ts'
import { parseConfig } from './read-config.ts'

const errorOf = (text: string): RecoveryError => {
  try {
    parseConfig(text, '/shop/aidatavault.yml')
  } catch (error) {
    if (error instanceof RecoveryError) return error
    throw error
  }
  throw new Error('was accepted')
}

describe('aidatavault.yml', () => {
  it('may be empty, or say everything', () => {
    expect(parseConfig('', 'f')).toEqual({})
    expect(parseConfig('# only a comment\n', 'f')).toEqual({})
    const text =
      'id: shop-4f2a91c8\nvault: /mnt/vault\ndatabases:\n  db: { method: physical, protect: true }\nvolumes:\n  cache: { protect: false }\nconfig: [certs/*]\n'
    expect(parseConfig(text, 'f')).toMatchObject({ id: 'shop-4f2a91c8', volumes: { cache: { protect: false } } })
  })

  it.each([
    ['valut: x', 'unknown key valut (known here: id, vault, vaults, name, databases, volumes, services,'],
    ['services: { app: { consistancy: stop } }', 'unknown key services.app.consistancy (known here: consistency)'],
    ['services: { app: { consistency: cold } }', 'services.app.consistency must be hot, pause or stop'],
    ['retain: { keepDayly: 7 }', 'unknown key retain.keepDayly (known here: keepLast, '],
    ['hooks: { before: [] }', 'unknown key hooks.before (known here: beforeCapture, '],
    ['hooks: { afterRestore: [{ run: a, shell: hunter2 }] }', '(known here: run, service, user, timeout, onError)'],
    [
      'hooks: { afterRestore: [{ run: a, timeout: soon }] }',
      'hooks.afterRestore.0.timeout must be a number and a unit',
    ],
    [
      'schedule: { bakcup: "0 * * * *" }',
      'unknown key schedule.bakcup (known here: timezone, jitter, catchUp, backup,',
    ],
    ['schedule: { jitter: soon }', 'schedule.jitter must be a number and a unit'],
    ['images: built-ones', 'images must be true, false or built'],
    ['volumes: { cache: { portect: false } }', 'unknown key volumes.cache.portect (known here: protect)'],
    ['id: Shop', 'id must be 8 to 64 lower-case letters'],
    ['databases: { db: { method: fast } }', 'databases.db.method must be logical or physical'],
    ['databases: { db: { secretFrom: hunter2 } }', 'databases.db.secretFrom must be FILE#KEY'],
    ['volumes: { cache: { protect: "no" } }', 'volumes.cache.protect must be true or false'],
    [
      'notifications: { channels: [{ type: slack, url: hunter2 }] }',
      'notifications.channels.0.urlFrom must be where the secret stands: FILE#KEY',
    ],
    [
      'notifications: { channels: [{ type: ntfy, topic: t, key: hunter2 }] }',
      'unknown key notifications.channels.0.key (known here: type, name, on, title, body, server, topic, ',
    ],
    ['notifications: { channels: [{ type: pager }] }', 'notifications.channels.0.type must be email, webhook, slack,'],
    ['notifications: { channels: [{ type: ntfy }] }', 'notifications.channels.0: needs one of topic and topicFrom'],
    [
      'notifications: { channels: [{ type: ntfy, topic: t, body: "{{projct}}" }] }',
      'notifications.channels.0.body: {{projct}} stands for nothing (project, event, job, ',
    ],
    [
      'notifications: { channels: [{ type: ntfy, topic: t }, { type: ntfy, topic: u }] }',
      'notifications.channels.1: needs a name: there is another ntfy',
    ],
    [
      'notifications: { channels: [{ type: email, host: h, tls: none, user: u, passwordFrom: a#B, from: a@b.c, to: [a@b.c] }] }',
      'sends no password in the clear',
    ],
    [
      'pings: { backup: { url: "https://u:hunter2@example.org/" } }',
      'pings.backup.url: must be a URL with http or https',
    ],
    ['pings: { backups: { url: "https://example.org/" } }', 'unknown key pings.backups (known here: backup, copy,'],
    ['metrics: { listen: 9469 }', 'metrics.listen must be HOST:PORT'],
    ['- a list', 'the file:'],
    ['a: [', 'is not valid YAML (line 1)'],
  ])('%s is refused, naming file and key and never the value', (text, message) => {
    const error = errorOf(text)
    expect(error.code).toBe('project-invalid')
    expect(error.message).toContain('/shop/aidatavault.yml')
    expect(error.message).toContain(message)
    expect(error.message).not.toContain('hunter2')
    expect(error.hint).toMatch(/mend/)
  })
})
