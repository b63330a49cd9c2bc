import type { Project, ProjectServer } from '../../project/project.ts'
import { serverPath } from '../../sources/database/index.ts'
import type { Step } from './by-hand.ts'
import { composeOf } from './files-by-hand.ts'
import { quoted } from './shell-words.ts'

/** A PostgreSQL server back from its dumps, or from its data directory, as it is captured today. */
export function serverByHand(project: Project, server: ProjectServer): Step {
  if (server.access === 'service') return server.method === 'physical' ? laid(project, server) : filled(project, server)
  return server.method === 'physical' ? laidElsewhere(server) : filledElsewhere(server)
}

const folderOf = ({ name }: ProjectServer) => `"$point"/${quoted(serverPath(name))}`

/** In its container, over the local socket, which asks for no password. */
function filled(project: Project, server: ProjectServer): Step {
  const { name } = server
  const [compose, user] = [composeOf(project), quoted(server.environment.user)]
  const inService = `${compose} exec -T ${quoted(name)}`
  return {
    title: `PostgreSQL ${name}, from its dumps`,
    commands: [
      [`${compose} up --detach --wait ${quoted(name)}`],
      [`${inService} psql -U ${user} -d postgres`, `< ${folderOf(server)}/globals.sql`],
      [
        `for dump in ${folderOf(server)}/*.dump; do`,
        `${inService} pg_restore -U ${user}`,
        '--create -d postgres < "$dump"; done',
      ],
    ],
    note: 'Errors that a role or a database is there already do no harm.',
  }
}

/** Into the empty volume of its service, whose image is of the same major version. */
function laid(project: Project, server: ProjectServer): Step {
  const { name } = server
  const compose = composeOf(project)
  return {
    title: `PostgreSQL ${name}, from its data directory`,
    commands: [
      [
        `${compose} run --rm --no-deps --user root --entrypoint sh`,
        `-v ${folderOf(server)}/base:/base:ro ${quoted(name)} -c`,
        `'test -z "$(ls -A "$PGDATA")" && cp -a /base/. "$PGDATA" &&`,
        `chown -R postgres: "$PGDATA" && chmod 700 "$PGDATA"'`,
      ],
    ],
    note: `Into an empty volume, with an image of the same major version (base/PG_VERSION). Tablespaces lie beside base, by their number: base/tablespace_map says where each goes.`,
  }
}

const filledElsewhere = (server: ProjectServer): Step => ({
  title: `PostgreSQL ${server.name}, from its dumps`,
  commands: [
    ['psql --dbname postgres', `--file ${folderOf(server)}/globals.sql`],
    [`for dump in ${folderOf(server)}/*.dump; do`, 'pg_restore --create --dbname postgres "$dump"; done'],
  ],
  note: 'On a new server, which PGHOST, PGPORT, PGUSER and PGPASSWORD name. After globals.sql every role has its old password. Errors that a role or a database is there already do no harm.',
})

function laidElsewhere(server: ProjectServer): Step {
  const folder = server.dataDirectory === undefined ? '/path/to/a/new/data' : quoted(server.dataDirectory)
  return {
    title: `PostgreSQL ${server.name}, from its data directory`,
    commands: [
      [`mkdir -p ${folder} && cp -a ${folderOf(server)}/base/. ${folder}`],
      [`chown -R postgres: ${folder} && chmod 700 ${folder}`],
    ],
    note: `Into an empty folder; then start a server of the same major version (base/PG_VERSION) on it. Tablespaces lie beside base, by their number: base/tablespace_map says where each goes.`,
  }
}
