import type { Project, ProjectServer } from '../../project/project.ts'
import { projectTag } from '../points.ts'
import { composeOf, filesByHand } from './files-by-hand.ts'
import { serverByHand } from './servers-by-hand.ts'
import { quoted, type Command } from './shell-words.ts'

/** One thing to do, and what to type for it. */
export interface Step {
  readonly title: string
  readonly commands: readonly Command[]
  readonly note?: string
}

// More of a kind would leave no room on the page, and be more of the same.
const shownServers = 3

/** Everything back with restic, git, Docker and PostgreSQL's own programs. `$point` is the folder of what restic brought. */
export function byHand(project: Project, location: string, code: string | undefined): Step[] {
  // A server whose data directory has to be laid first must not have been started by then.
  const servers = project.servers.toSorted((a, b) => Number(isLaid(b)) - Number(isLaid(a)))
  const shown = servers.slice(0, shownServers)
  return [
    withRestic(project, location, code),
    filesByHand(project),
    ...shown.map(server => serverByHand(project, server)),
    ...further(servers.slice(shownServers)),
    ...(project.compose ? [start(project)] : []),
  ]
}

const isLaid = ({ access, method }: ProjectServer) => access === 'service' && method === 'physical'

const start = (project: Project): Step => ({
  title: 'Then everything',
  commands: [[`${composeOf(project)} up --detach --wait`]],
})

function withRestic({ facts, root }: Project, location: string, code: string | undefined): Step {
  const [tag, host, folder] = [
    `--tag ${projectTag(facts.id)}`,
    `--host ${quoted(facts.hostname)}`,
    `--path ${quoted(root)}`,
  ]
  return {
    title: 'Without AIDataVault, with plain restic (0.14 or newer)',
    commands: [
      [`export RESTIC_REPOSITORY=${quoted(location)}`],
      [`export RESTIC_PASSWORD=${code ?? "'the recovery code'"}`],
      ['point="$PWD/recovered"'],
      ['restic snapshots', tag, host, folder],
      ['restic restore latest', tag, host, folder, '--target "$point"'],
      [`grep '"state": "complete"' "$point/manifest.json"`],
    ],
    note: 'Where grep finds nothing, the newest point has only parts: remove the folder, and restore an older one of the list by its ID.',
  }
}

const further = (servers: readonly ProjectServer[]): Step[] =>
  servers.length === 0
    ? []
    : [
        {
          title: `And in the same way (${servers.map(({ name, method }) => `${name}: ${method === 'physical' ? 'data directory' : 'dumps'}`).join(', ')})`,
          commands: [],
        },
      ]
