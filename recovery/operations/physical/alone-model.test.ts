import { expect, it } from 'vitest'
import { parseModel } from '../../drivers/docker/compose-model.ts'
import { aloneModel } from './alone-model.ts'

const model = parseModel({
  name: 'shop',
  services: {
    db: {
      image: 'postgres:17',
      command: ['-c', 'max_connections=7'],
      environment: { POSTGRES_PASSWORD: 'secret', PGDATA: '/data/pg$1', DATABASE_URL: 'postgresql://a:secret@b/c' },
      ports: [{ target: 5432, published: '5432' }],
      networks: { default: null },
      depends_on: { other: { condition: 'service_started' } },
      secrets: [{ source: 'password' }],
      volumes: [
        { type: 'volume', source: 'data', target: '/data' },
        { type: 'volume', source: 'keys', target: '/keys' },
        { type: 'bind', source: '/srv/postgresql.conf', target: '/etc/postgresql.conf' },
      ],
    },
    other: { image: 'other' },
  },
  volumes: { data: { name: 'shop_data' }, keys: { name: 'shop_keys' } },
  secrets: { password: { file: '/srv/password' } },
})
const server = {
  service: 'db',
  kind: 'volume',
  place: 'copy',
  target: '/data',
  settings: ['archive_mode=off'],
} as const

it('starts the server on the copy alone: on no network, nothing else to write to, and no secret', () => {
  const made = aloneModel('alone', model, server, undefined)
  expect(JSON.stringify(made)).not.toContain('secret')
  expect(made).toEqual({
    name: 'alone',
    services: {
      db: {
        image: 'postgres:17',
        command: ['-c', 'max_connections=7', '-c', 'archive_mode=off'],
        environment: { PGDATA: '/data/pg$$1' },
        network_mode: 'none',
        restart: 'no',
        stop_grace_period: '10m',
        healthcheck: { test: ['CMD-SHELL', 'exit 0'], interval: '1s' },
        volumes: [
          { type: 'volume', source: 'copy', target: '/data', read_only: false },
          { type: 'volume', source: 'shop_keys', target: '/keys', read_only: true },
          { type: 'bind', source: '/srv/postgresql.conf', target: '/etc/postgresql.conf', read_only: true },
        ],
      },
    },
    volumes: { copy: { name: 'copy', external: true }, shop_keys: { name: 'shop_keys', external: true } },
  })
})

it('takes the program that the image starts by itself, where the image is known to start the server', () => {
  const plain = parseModel({ name: 'shop', services: { db: { image: 'postgres:17' } } })
  const image = (env: Record<string, string>) => ({ id: '', digests: [], platform: '', env, volumes: [] })
  const commandWith = (env: Record<string, string>) =>
    (aloneModel('alone', plain, server, image(env))['services'] as { db: { command?: string[] } }).db.command
  expect(commandWith({ PGDATA: '/x', PG_MAJOR: '17' })).toEqual(['postgres', '-c', 'archive_mode=off'])
  expect(commandWith({})).toBeUndefined()
})
