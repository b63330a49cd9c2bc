import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { stringify } from 'yaml'
import type { Run } from '../../domain/run.ts'
import { postgresByUrl } from '../../drivers/postgres/by-url.ts'
import { initialiseServer, startServer, type RunningServer } from '../../drivers/postgres/embedded.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { buildCode } from './code-scene.ts'
import { freePort } from './free-port.ts'
import type { ApplicationState, DemoStage } from './stage.ts'
import { databaseState, folderState, gitState } from './state.ts'

const database = 'aidatavault_db'
const user = 'aidatavault_user'
const fileCount = 12

/** The same application without Compose: a PostgreSQL from npm in the project's folder, uploads in a folder beside it. */
export class EmbeddedStage implements DemoStage {
  readonly way = 'embedded PostgreSQL, without Docker'
  readonly root: string
  readonly #folder: string
  readonly #remote: string
  #port = 0
  #password = ''
  #server: RunningServer | undefined

  constructor(folder: string) {
    this.#folder = folder
    this.root = path.join(folder, 'notes')
    this.#remote = path.join(folder, 'remote.git')
  }

  get #dataDirectory(): string {
    return path.join(this.root, 'postgres-data')
  }

  async build(run: Run): Promise<void> {
    // A server never runs as root: the user it runs as must get through to its data directory.
    await fs.chmod(this.#folder, 0o711)
    this.#port = await freePort()
    const { password } = await buildCode(this.root, this.#remote, () => this.#leaveCompose())
    this.#password = password
    await initialiseServer({ dataDirectory: this.#dataDirectory, user, password }, run)
    await this.#startServer(run)
    await this.#withAccess(access => fill(access, run))
    await fs.mkdir(path.join(this.root, 'uploads'))
    for (let at = 1; at <= fileCount; at++)
      await fs.writeFile(path.join(this.root, `uploads/upload-${at}.bin`), randomBytes(at * 10_000))
  }

  async #leaveCompose(): Promise<void> {
    await fs.rm(path.join(this.root, 'docker-compose.yml'))
    const settings = {
      name: 'notes',
      databases: {
        db: {
          url: `postgresql://${user}@127.0.0.1:${this.#port}/${database}`,
          secretFrom: 'server/.env#POSTGRES_PASSWORD',
          method: 'physical',
          dataDirectory: 'postgres-data',
        },
      },
      volumes: { uploads: {} },
    }
    await fs.writeFile(path.join(this.root, 'aidatavault.yml'), stringify(settings))
  }

  async #startServer(run: Run): Promise<void> {
    const options = { dataDirectory: this.#dataDirectory, user, password: this.#password }
    this.#server = await startServer({ ...options, listen: 'loopback', port: this.#port }, run)
  }

  async #withAccess<T>(use: (access: PostgresAccess) => Promise<T>): Promise<T> {
    const access = postgresByUrl({ url: this.#server?.url ?? '', name: 'db' })
    return use(access).finally(() => access.close())
  }

  async readState(run: Run): Promise<ApplicationState> {
    const rows = await this.#withAccess(access => databaseState(access, database, run))
    const files = await folderState(this.root, new Set(['.git', 'postgres-data']))
    return new Map([...rows, ...(await gitState(this.root)), ...files])
  }

  async destroy(): Promise<void> {
    await this.#stopServer()
    await fs.rm(this.root, { recursive: true })
    await fs.rm(this.#remote, { recursive: true })
  }

  async start(run: Run): Promise<void> {
    await this.#startServer(run)
  }

  async cleanUp(): Promise<void> {
    await this.#stopServer()
  }

  async #stopServer(): Promise<void> {
    await this.#server?.stop()
    this.#server = undefined
  }
}

async function fill(access: PostgresAccess, run: Run): Promise<void> {
  await access.execute('postgres', `CREATE DATABASE ${database}`, { oneTransaction: false }, run)
  await access.execute(database, tablesSql, { oneTransaction: true }, run)
}

const tablesSql = `
  CREATE TABLE notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
  );
  INSERT INTO notes (text) SELECT 'note ' || n || ' – ½ “quoted” €' FROM generate_series(1, 20000) n;
  CREATE TABLE readers (name text PRIMARY KEY, read bigint REFERENCES notes (id));
  INSERT INTO readers SELECT 'reader ' || n, n FROM generate_series(1, 500) n;
  CREATE ROLE reporting LOGIN PASSWORD 'only-for-the-demo';
  GRANT SELECT ON notes TO reporting;
`
