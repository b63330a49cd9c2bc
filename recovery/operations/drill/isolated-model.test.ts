import { expect, it } from 'vitest'
import { isolatedModel } from './isolated-model.ts'

const isolation = {
  projectName: 'shop-drill-1',
  labels: { 'aidatavault.drill': '1' },
  images: new Map([
    ['db', 'drill:db'],
    ['app', 'drill:app'],
  ]),
  placeOf: (source: string) => (source.startsWith('/copy/') ? source : undefined),
  cpus: 2,
  memory: '2g',
}

const model = {
  name: 'shop',
  services: {
    db: { image: 'postgres:17', container_name: 'the-database', ports: [{ target: 5432, published: '5432' }] },
    app: {
      image: 'shop/app',
      build: { context: '/srv/shop' },
      env_file: ['/srv/shop/.env'],
      environment: { PASSWORD: 'pa$$word' },
      depends_on: { db: { condition: 'service_healthy' }, mailer: { condition: 'service_started' } },
      links: ['db:database', 'mailer'],
      labels: { 'traefik.enable': 'true' },
      restart: 'always',
      privileged: true,
      devices: ['/dev/kvm'],
      cap_add: ['SYS_ADMIN'],
      pid: 'host',
      ipc: 'host',
      userns_mode: 'host',
      logging: { driver: 'gelf', options: { 'gelf-address': 'udp://logs.example.org' } },
      extra_hosts: ['host.docker.internal=host-gateway'],
      networks: { default: { ipv4_address: '10.0.0.7', aliases: ['front'] }, proxy: null },
      volumes: [
        { type: 'volume', source: 'uploads', target: '/uploads' },
        { type: 'bind', source: '/copy/project/conf', target: '/conf', read_only: true },
        { type: 'bind', source: '/var/run/docker.sock', target: '/var/run/docker.sock' },
      ],
      secrets: [{ source: 'token' }],
      some_key_of_tomorrow: 'leads outside',
    },
    host: { image: 'not wanted', network_mode: 'host' },
  },
  networks: {
    default: { name: 'shop_default', ipam: { config: [{ subnet: '10.0.0.0/24' }] } },
    proxy: { name: 'proxy', external: true },
  },
  volumes: {
    uploads: { name: 'uploads', external: true },
    share: { name: 'shop_share', driver: 'local', driver_opts: { type: 'nfs', device: ':/export' } },
  },
  secrets: { token: { file: '/copy/outside/etc/token' }, lost: { file: '/etc/lost' } },
}

it('lets the copy reach nothing but itself, and nothing on this machine take it for the real one', () => {
  const { model: made } = isolatedModel(model, isolation)
  const common = {
    ...{ pull_policy: 'never', restart: 'no', dns: ['192.0.2.1'], dns_opt: ['timeout:1', 'attempts:1'] },
    ...{ labels: isolation.labels, cpus: 2, mem_limit: '2g', stop_grace_period: '10s' },
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '1' } },
  }
  const network = (key: string) => ({
    ...{ name: `shop-drill-1_${key}`, driver: 'bridge', internal: true, labels: isolation.labels },
    driver_opts: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
  })
  const volume = (key: string) => ({ name: `shop-drill-1_${key}`, driver: 'local', labels: isolation.labels })
  expect(made).toEqual({
    name: 'shop-drill-1',
    services: {
      db: { ...common, image: 'drill:db', networks: { default: { aliases: ['the-database'] } }, volumes: [] },
      app: {
        ...common,
        image: 'drill:app',
        environment: { PASSWORD: 'pa$$word' },
        depends_on: { db: { condition: 'service_healthy' } },
        links: ['db:database'],
        networks: { default: { aliases: ['front'] }, proxy: null },
        volumes: [
          { type: 'volume', source: 'uploads', target: '/uploads' },
          {
            type: 'bind',
            source: '/copy/project/conf',
            target: '/conf',
            read_only: true,
            bind: { create_host_path: true },
          },
        ],
        secrets: [{ source: 'token' }],
      },
    },
    networks: { default: network('default'), proxy: network('proxy') },
    volumes: { uploads: volume('uploads'), share: volume('share') },
    secrets: {
      token: { name: 'shop-drill-1_token', file: '/copy/outside/etc/token' },
      lost: { name: 'shop-drill-1_lost', file: '/dev/null' },
    },
  })
})

it('says what services run without', () => {
  const { without } = isolatedModel(model, isolation)
  expect(without).toEqual([
    'service db: published ports',
    'service app: privileges on this machine',
    'service app: devices of this machine',
    'service app: further capabilities',
    'service app: names of other machines',
    'service app: /var/run/docker.sock of this machine, which is in no point',
    'the file /etc/lost of this machine, which is in no point',
  ])
})

it('never uses the network of this machine, or of a container outside of the copy', () => {
  for (const mode of ['host', 'bridge', 'container:other'])
    expect(isolatedModel({ services: { db: { network_mode: mode } } }, isolation).model['services']).toMatchObject({
      db: { networks: { default: null } },
    })
  for (const mode of ['none', 'service:app'])
    expect(isolatedModel({ services: { db: { network_mode: mode } } }, isolation).model['services']).toMatchObject({
      db: { network_mode: mode },
    })
})
