import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Run } from '../../../domain/run.ts'
import type { ContainerEngine } from '../../../drivers/docker/container-engine.ts'
import { composeCli } from '../../../drivers/docker/compose-cli.ts'
import { dockerCli } from '../../../drivers/docker/docker-cli.ts'
import { postgresInService } from '../../../drivers/postgres/in-service.ts'
import type { PostgresAccess } from '../../../drivers/postgres/postgres-access.ts'

export interface ComposeServer {
  readonly access: PostgresAccess
  /** Another way to the same server, as a later run has it. */
  again(user?: string, through?: ContainerEngine): PostgresAccess
  /** Runs a program in the container; gives what it printed. */
  exec(...argv: readonly string[]): string
  /** The same, as it came. */
  bytes(...argv: readonly string[]): Buffer
  stop(): void
  restart(): Promise<void>
  end(): Promise<void>
}

export interface ComposeServerOptions {
  readonly image?: string
  readonly user?: string
  readonly password?: string
  readonly database?: string
}

const fileOf = (name: string, { image = 'postgres:17', user, password = 'secret', database }: ComposeServerOptions) => `
name: ${name}
services:
  db:
    image: ${image}
    environment:
      POSTGRES_PASSWORD: ${JSON.stringify(password)}
      ${user ? `POSTGRES_USER: ${user}` : ''}
      ${database ? `POSTGRES_DB: ${database}` : ''}
    volumes: [data:/var/lib/postgresql/data]
    healthcheck: { test: [CMD, pg_isready, --host, 127.0.0.1], interval: 2s, retries: 60 }
volumes: { data: {} }
`

/** A new server in a Compose project of its own, with a new volume. */
export async function composeServer(run: Run, options: ComposeServerOptions = {}): Promise<ComposeServer> {
  const name = `aidv-db-${randomBytes(4).toString('hex')}`
  const directory = mkdtempSync(path.join(os.tmpdir(), 'aidatavault-test-'))
  mkdirSync(directory, { recursive: true })
  writeFileSync(path.join(directory, 'compose.yaml'), fileOf(name, options))
  const [compose, engine] = [composeCli(), dockerCli()]
  const address = { directory, files: [], profiles: [] }
  const again = (user?: string, through = engine) =>
    postgresInService({ compose, engine: through, address, service: 'db', user })
  const docker = (...args: readonly string[]) =>
    execFileSync('docker', ['compose', ...args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    })
  await compose.up(address, { services: ['db'] }, run)
  const access = again()
  return {
    access,
    again,
    exec: (...argv) => docker('exec', '-T', 'db', ...argv).toString(),
    bytes: (...argv) => docker('exec', '-T', 'db', ...argv),
    stop: () => void docker('stop', '--timeout', '1'),
    restart: async () => {
      docker('restart', '--timeout', '30')
      await compose.up(address, { services: ['db'] }, run)
    },
    end: async () => {
      await access.close()
      docker('down', '--volumes', '--timeout', '1')
      rmSync(directory, { recursive: true })
    },
  }
}
