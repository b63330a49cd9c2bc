import { RecoveryError } from '../recovery/domain/errors.ts'
import type { Project } from '../recovery/operations/index.ts'
import { parseRecoveryCode } from './recovery-code.ts'

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

/** What of a kit opens its vault, and finds the project in it. */
export interface Kit {
  readonly vault: string
  readonly recoveryCode: string
  readonly project: string
}

/** A kit as it was printed, with whatever stands around it. Rejects with bad-input where something of it is missing. */
export function parseKit(text: string): Kit {
  const vault = /^\s*Vault:\s+(\S.*?)\s*$/m.exec(text)?.[1]
  const recoveryCode = parseRecoveryCode(/^\s*Recovery code:\s+(\S.*?)\s*$/m.exec(text)?.[1] ?? '')
  const project = /--project ([a-z0-9-]+)/.exec(text)?.[1]
  const lacks = [
    ...(vault === undefined ? ['where the vault is'] : []),
    ...(recoveryCode === undefined ? ['a recovery code'] : []),
    ...(project === undefined ? ['which project'] : []),
  ]
  if (vault !== undefined && recoveryCode !== undefined && project !== undefined)
    return { vault, recoveryCode, project }
  throw new RecoveryError('bad-input', `this is no whole recovery kit: it does not say ${lacks.join(', ')}`, {
    hint: 'give what init printed, with the recovery code written in where it was printed earlier',
  })
}
