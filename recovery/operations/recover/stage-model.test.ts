import { expect, it } from 'vitest'
import { stageModel } from './stage-model.ts'

const model = {
  name: 'notes',
  services: {
    db: {
      image: 'postgres:17',
      command: ['postgres', '-c', 'shared_preload_libraries=vector'],
      ports: [{ published: '5432', target: 5432 }],
      depends_on: { other: { condition: 'service_started' } },
      profiles: ['x'],
      restart: 'always',
      network_mode: 'service:other',
      links: ['other'],
      labels: { own: 'x' },
      volumes: [
        { type: 'volume', source: 'postgres_data', target: '/var/lib/postgresql/data' },
        { type: 'bind', source: '/x/init', target: '/docker-entrypoint-initdb.d' },
        { type: 'bind', source: '/x/init.sql', target: '/docker-entrypoint-initdb.d/init.sql' },
      ],
    },
    server: { image: 'x' },
  },
  volumes: { postgres_data: { name: 'notes_postgres_data' } },
}

it('starts a database alone, unpublished, with its own command and volume, and without the scripts of a first start', () => {
  expect(stageModel(model, 'db', { ours: '1' })).toEqual({
    name: 'notes',
    services: {
      db: {
        image: 'postgres:17',
        command: ['postgres', '-c', 'shared_preload_libraries=vector'],
        volumes: [{ type: 'volume', source: 'postgres_data', target: '/var/lib/postgresql/data' }],
        tmpfs: ['/docker-entrypoint-initdb.d'],
        labels: { own: 'x', ours: '1' },
      },
    },
    volumes: { postgres_data: { name: 'notes_postgres_data' } },
  })
})
