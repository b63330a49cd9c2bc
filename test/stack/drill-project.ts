import net from 'node:net'
import { ask } from './database-state.ts'
import { must } from './run.ts'
import type { Sandbox } from './sandbox.ts'
import {
  commitFiles,
  containerOf,
  idleService,
  inService,
  postgresService,
  serverOf,
  writeFiles,
} from './small-project.ts'

// A few megabytes, built here: its bytes are in every point.
const dockerfile = `
FROM node:24-slim AS tools
RUN mkdir /small && cp --parents -L $(ldd /bin/sh /bin/sleep | grep -o '/[^ ]*[^: ]' | sort -u) /bin/sh /bin/sleep /small
FROM scratch
COPY --from=tools /small /
CMD ["sleep", "1000"]
`

/** Serves what is in its volume; and says whether it can reach what a copy of it must not. */
const server = `
const http = require('node:http'), net = require('node:net'), fs = require('node:fs')
const reaches = ([host, port]) => new Promise(resolve => {
  const socket = net.connect({ host, port, timeout: 1500 }, () => resolve(socket.destroy() && true))
  socket.on('error', () => resolve(false)).on('timeout', () => resolve(socket.destroy() && false))
})
http.createServer(async (request, response) => {
  if (request.url !== '/outside') return response.end(fs.existsSync('/uploads/note') ? fs.readFileSync('/uploads/note') : 'empty')
  const places = JSON.parse(fs.readFileSync('/uploads/places', 'utf8'))
  const reached = await Promise.all(places.map(reaches))
  response.end('reached ' + reached.filter(Boolean).length + ' of ' + places.length + ', socket ' + fs.existsSync('/var/run/docker.sock'))
}).listen(8080)
`

/** An address of its own, which no other network on this machine has at the same time. */
const subnetOf = (name: string) => `10.213.${Number.parseInt(name.slice(-2), 16)}`

const composeFile = (name: string, port: number) => `
services:
  db:${postgresService('data')}
    container_name: ${name}-database
    networks: { default: { ipv4_address: ${subnetOf(name)}.200 } }
  app:${idleService.replace(/command: .*/, "command: ['node', '/server.js']")}
    env_file: .env
    environment: { PGHOST: '${name}-database', PGUSER: postgres, PGDATABASE: postgres }
    depends_on: { db: { condition: service_healthy } }
    restart: always
    labels: { traefik.enable: 'true' }
    ports: ['${port}:8080']
    networks: [default, shared]
    volumes:
      - uploads:/uploads
      - ./server.js:/server.js:ro
      - /var/run/docker.sock:/var/run/docker.sock
    healthcheck:
      test: ['CMD', 'node', '-e', "fetch('http://127.0.0.1:8080').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
      interval: 1s
      retries: 60
  tool:
    build: tool
    stop_grace_period: 0s
volumes:
  data:
  uploads:
networks:
  default: { ipam: { config: [{ subnet: ${subnetOf(name)}.0/24 }] } }
  shared: { external: true, name: '${name}-shared' }
`

const settings = `
images: built
fingerprints: true
drill:
  targets: { rto: 1h, rpo: 1ms }
  limits: { cpus: 2, memory: 1g }
  sql:
    - name: there are many notes
      query: SELECT count(*) >= 1000 FROM notes;
    - name: the newest note is younger than the point
      query: SELECT max(written) <= %TAKEN_AT% FROM notes
  http:
    - { name: the note is served, service: app, port: 8080, contains: milk }
    - { name: the copy reaches nothing else, service: app, port: 8080, path: /outside, contains: 'reached 0 of 2, socket false' }
`

/** A running project with everything that a copy of it must not have: ports, fixed names, foreign networks, Docker's socket. */
export async function makeDrillProject(sandbox: Sandbox): Promise<void> {
  const { name } = sandbox
  const port = await freePort()
  await writeFiles(sandbox.project, {
    'docker-compose.yml': composeFile(name, port),
    'server.js': server,
    '.env': 'PGPASSWORD=pa$$word\n',
    'aidatavault.yml': settings,
    '.gitignore': '.env\n',
    'tool/Dockerfile': dockerfile,
  })
  await commitFiles(sandbox)
  await must(['docker', 'network', 'create', `${name}-shared`])
  await sandbox.compose('up', '--detach', '--build', '--wait', '--quiet-pull')
  const database = serverOf(sandbox)
  await ask(
    { ...database, container: `${name}-database` },
    'postgres',
    `CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text, written timestamptz DEFAULT now());
     INSERT INTO notes (text) SELECT md5(i::text) FROM generate_series(1, 1000) i`,
  )
  const bridge = await must([
    'docker',
    'network',
    'inspect',
    'bridge',
    '--format',
    '{{(index .IPAM.Config 0).Gateway}}',
  ])
  const places = JSON.stringify([
    [`${subnetOf(name)}.200`, 5432],
    [bridge.stdout.trim() || '172.17.0.1', port],
  ])
  await inService(containerOf(sandbox, 'app'), `echo milk >/uploads/note; echo '${places}' >/uploads/places`)
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const listener = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as net.AddressInfo
      listener.close(() => resolve(port))
    })
  })
}
