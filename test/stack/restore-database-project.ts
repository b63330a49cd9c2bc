import { ask, type Server } from './database-state.ts'
import { Sandbox } from './sandbox.ts'
import { idleService, postgresService, serverOf, writeFiles } from './small-project.ts'

/** A database `app` with the application's own login, and an application that depends on it. */
export const composeFileWithLogin = (place: string, image = 'postgres:17', volumes = `  ${place}:`) => `
services:
  db:${postgresService(place, image)}
  app:${idleService}
    depends_on: [db]
    environment: { PGHOST: db, PGUSER: app, PGPASSWORD: of the app, PGDATABASE: app }
  other:${idleService}
volumes:
${volumes}
`

export interface DatabaseProject {
  readonly sandbox: Sandbox
  readonly server: Server
}

/** The project, running, with rows in its database and a vault, and no point yet. */
export async function databaseProject(
  word: string,
  composeFile = composeFileWithLogin('data'),
): Promise<DatabaseProject> {
  const sandbox = await Sandbox.make(word)
  await writeFiles(sandbox.project, { 'compose.yaml': composeFile })
  await sandbox.compose('up', '--detach', '--wait')
  const server = serverOf(sandbox)
  await makeDatabase(server)
  await sandbox.succeeds(['init', sandbox.vault])
  return { sandbox, server }
}

/** Owned by another role than the one that logs in: the login depends on the database's privileges. */
export async function makeDatabase(server: Server): Promise<void> {
  await ask(server, 'postgres', `CREATE ROLE owner; CREATE ROLE app LOGIN PASSWORD 'of the app';`)
  await ask(server, 'postgres', 'CREATE DATABASE app OWNER owner')
  await ask(server, 'app', schema)
}

const schema = `
  CREATE TABLE author (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE NOT NULL);
  CREATE TABLE note (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author int NOT NULL REFERENCES author ON DELETE CASCADE,
    text text);
  CREATE TABLE tag (note int REFERENCES note ON DELETE CASCADE, word text, PRIMARY KEY (note, word));
  CREATE TABLE written (id bigint PRIMARY KEY);
  CREATE INDEX note_text ON note (text);
  CREATE VIEW busy AS SELECT author, count(*) FROM note GROUP BY author;
  INSERT INTO author (name) SELECT 'author ' || n FROM generate_series(1, 10) n;
  INSERT INTO note (author, text) SELECT 1 + n % 10, md5(n::text) FROM generate_series(1, 1000) n;
  INSERT INTO tag SELECT n, 'odd' FROM generate_series(1, 999, 2) n;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
  ALTER DATABASE app SET work_mem = '5MB';`

/** One number of a query. */
export const count = async (server: Server, database: string, sql: string): Promise<number> =>
  Number(await ask(server, database, sql))

export const databasesOf = async (server: Server): Promise<string[]> =>
  (await ask(server, 'template1', `SELECT datname FROM pg_database WHERE datname !~ '^template' ORDER BY 1`)).split(
    '\n',
  )
