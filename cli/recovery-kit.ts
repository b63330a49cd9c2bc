import type { Project } from '../recovery/operations/index.ts'

/** The sheet that suffices on an empty machine. `recoveryCode` is undefined where the vault had one already. */
export function recoveryKit({ facts }: Project, location: string, recoveryCode: string | undefined): string {
  const place = quoted(location)
  return `RECOVERY KIT for ${facts.name} on ${facts.hostname} — print it, keep it away from this machine

  Vault:          ${location}
  Recovery code:  ${recoveryCode ?? 'the one printed when the vault was made'}
                  (opens the vault by itself, without the password)

  On an empty machine with Docker and git:
    1. install AIDataVault, and make the vault reachable at its place
    2. aidatavault recover ${place} --project ${facts.id}
    3. give the password or the recovery code when asked

  Without this program, with plain restic and PostgreSQL's own tools:
    restic -r ${place} snapshots --tag project=${facts.id}
    restic -r ${place} restore latest --tag project=${facts.id} --host ${facts.hostname} --path ${quoted(facts.root)} --target ./recovered
    psql --dbname postgres --file recovered/databases/…/globals.sql
    pg_restore --create --dbname postgres recovered/databases/…/….dump
  (globals.sql makes the roles, without which pg_restore fails; that the server's own role exists already is no harm)
`
}

/** For a shell. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
