import fs from 'node:fs/promises'
import path from 'node:path'
import { ask, type Server } from './database-state.ts'
import { must } from './run.ts'
import type { Sandbox } from './sandbox.ts'

/** A PostgreSQL service of a compose file, indented to stand in it. `place`: a volume's key or a folder. */
export const postgresService = (place: string, image = 'postgres:17'): string => `
    image: ${image}
    environment:
      POSTGRES_PASSWORD: pa$$word
    volumes:
      - ${place}:/var/lib/postgresql/data
    healthcheck:
      test: ['CMD', 'pg_isready', '-h', '127.0.0.1']
      interval: 2s
      retries: 60`

/** The same with its data below the top of the volume, as from PostgreSQL 18 on. */
export const nestedPostgresService = (place: string): string =>
  `${postgresService(place)
    .replace(':/var/lib/postgresql/data', ':/all')
    .replace('POSTGRES_PASSWORD', 'PGDATA: /all/18/docker\n      POSTGRES_PASSWORD')}
    tmpfs: /var/lib/postgresql/data`

/** A service that only runs. */
export const idleService = `
    image: node:24-slim
    init: true
    command: ['sleep', 'infinity']`

/** A database, a service with uploads, and nothing else. */
export const smallComposeFile = `
services:
  db:${postgresService('data')}
  app:${idleService}
    volumes:
      - uploads:/uploads
volumes:
  data:
  uploads:
`

/** Writes a project's files; missing folders are made. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name)
    await fs.mkdir(path.dirname(file), { recursive: true })
    await fs.writeFile(file, content)
  }
}

/** Makes the sandbox's project of these files a git work tree. */
export async function commitFiles(sandbox: Sandbox): Promise<void> {
  const git = (...args: string[]) =>
    sandbox.must(['git', '-c', 'user.name=A', '-c', 'user.email=a@example.invalid', ...args])
  await git('init', '--quiet', '--initial-branch', 'main')
  await git('add', '.')
  await git('commit', '--quiet', '-m', 'all')
}

/** A container of the sandbox's project, as Compose names it. */
export const containerOf = (sandbox: Sandbox, service: string, projectName = sandbox.name) =>
  `${projectName}-${service}-1`

export const serverOf = (sandbox: Sandbox, service = 'db', projectName = sandbox.name): Server => ({
  container: containerOf(sandbox, service, projectName),
  user: 'postgres',
})

/** Rows enough that a copy takes a moment. */
export const fillDatabase = (server: Server, word: string, rows = 1000): Promise<string> =>
  ask(
    server,
    'postgres',
    `CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text);
     INSERT INTO notes (text) SELECT '${word} ' || md5(i::text) FROM generate_series(1, ${rows}) i`,
  )

/** How many rows a database has with this word. */
export const countNotes = (server: Server, word: string): Promise<string> =>
  ask(server, 'postgres', `SELECT count(*) FROM notes WHERE text LIKE '${word} %'`)

/** Runs a shell line in a service, as root. */
export const inService = (container: string, line: string) =>
  must(['docker', 'exec', '--user', '0', container, 'sh', '-ec', line])

/** Containers of ours that were made for this sandbox's volumes and networks, and should be gone. */
export async function leftContainers({ name }: Sandbox): Promise<string[]> {
  const format = '{{.Names}} {{.Mounts}} {{.Networks}} {{.Command}}'
  const listed = await must([
    ...['docker', 'ps', '--all', '--no-trunc', '--filter', 'label=aidatavault.temporary', '--format', format],
  ])
  return listed.stdout.split('\n').filter(line => line.includes(name))
}

/** Takes the project away: containers, volumes, networks, and its folder. The vault alone stays. */
export async function destroyProject(sandbox: Sandbox): Promise<void> {
  await sandbox.compose('--profile', '*', 'down', '--volumes', '--timeout', '2')
  await fs.rm(sandbox.project, { recursive: true })
}
