import os from 'node:os'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import { whoRuns } from '../who.ts'

export const serviceKinds = ['systemd', 'compose'] as const
export type ServiceKind = (typeof serviceKinds)[number]

/** What a service that keeps a project's schedule is to know. Paths are absolute. */
export interface ServiceFacts {
  readonly projectName: string
  readonly root: string
  readonly directory: string
  /** Where this program lies, and what starts it. */
  readonly programFolder: string
  readonly program: string
  /** Words between the program's name and `run`. */
  readonly words: readonly string[]
  /** Vaults that are folders of this machine. */
  readonly vaultFolders: readonly string[]
  /** The file with the passwords of vaults. */
  readonly credentials: string
  /** What else the words name: files with passwords. */
  readonly files: readonly string[]
}

/** A file to install, for this project on this machine. Rejects with bad-input where a path cannot be written into one. */
export function servicePage(kind: ServiceKind, facts: ServiceFacts): string {
  const odd = [facts.root, facts.directory, ...facts.words].find(text => /[\n\r]/.test(text))
  if (odd !== undefined)
    throw new RecoveryError('bad-input', 'a path with a line break cannot be written into a service file', {
      hint: 'give the folder another name',
    })
  return kind === 'systemd' ? systemdUnit(facts) : composeFile(facts)
}

/** The name of the unit, and of the Compose project. */
export const serviceName = ({ projectName }: Pick<ServiceFacts, 'projectName'>): string =>
  `aidatavault-${projectName.toLowerCase().replace(/[^a-z0-9_-]+/g, '-')}`

// Codes with which it would end again and again: bad-input, wrong-password, project-not-found, project-invalid.
const hopeless = [2, 12, 30, 31]

const systemdUnit = (facts: ServiceFacts): string => `# Keeps the schedule of ${facts.projectName}. Install it as root:
#   aidatavault run --print systemd >/etc/systemd/system/${serviceName(facts)}.service
#   systemctl daemon-reload && systemctl enable --now ${serviceName(facts)}
#   journalctl --unit ${serviceName(facts)} --follow
# The password comes from ${facts.credentials} of this user; for another way, print this with
# --password-file FILE or --password-command COMMAND. Keys of a storage (AWS_ACCESS_KEY_ID, …) go into the environment file.

[Unit]
Description=AIDataVault: the schedule of ${unitText(facts.projectName)}
Wants=network-online.target
After=network-online.target docker.service

[Service]
Type=exec
User=${whoRuns().username}
WorkingDirectory=${unitText(facts.directory)}
Environment=${unitWord(`XDG_CONFIG_HOME=${configHome(facts)}`)}
EnvironmentFile=-/etc/aidatavault/${serviceName(facts)}.env
ExecStart=${[facts.program, ...facts.words, 'run'].map(unitWord).join(' ')}
# It ends the job that is at work in order; what is still there after that long is killed, and done again at the next start.
KillMode=mixed
TimeoutStopSec=10min
Restart=on-failure
RestartSec=1min
RestartPreventExitStatus=${hopeless.join(' ')}
UMask=0077
Nice=10

[Install]
WantedBy=multi-user.target
`

/** Where the program looks for the folder in which the credentials are. */
const configHome = ({ credentials }: ServiceFacts) => path.dirname(path.dirname(credentials))

const unitText = (text: string) => text.replaceAll('%', '%%')
const unitWord = (word: string) =>
  /^[\w@+=:,./-]+$/.test(word) ? word : `"${unitText(word).replace(/["\\]/g, '\\$&').replaceAll('$', '$$$$')}"`

function composeFile(facts: ServiceFacts): string {
  const { programFolder, directory, words } = facts
  return `# Keeps the schedule of ${facts.projectName} in a container of its own. Keep this file outside of the project:
#   aidatavault run --print compose >/etc/aidatavault/${serviceName(facts)}.yaml
#   docker compose --file /etc/aidatavault/${serviceName(facts)}.yaml up --detach --build
name: ${serviceName(facts)}
services:
  aidatavault:
    image: aidatavault
    build:
      context: ${yamlText(programFolder)}
      dockerfile: deploy/Dockerfile
    # Points tell the machine they were taken on: this one, not the container.
    hostname: ${yamlText(os.hostname())}
    command: ${yamlList([...words, 'run'])}
    working_dir: ${yamlText(directory)}
    environment:
      TZ: ${yamlText(Intl.DateTimeFormat().resolvedOptions().timeZone)}
      HOME: ${yamlText(os.homedir())}
      XDG_CONFIG_HOME: ${yamlText(configHome(facts))}
      # Drills let the engine mount folders from here, so it has the same path on this machine.
      TMPDIR: ${drillFolder}
    # Keys of a storage (AWS_ACCESS_KEY_ID, …).
    env_file:
      - path: /etc/aidatavault/${serviceName(facts)}.env
        required: false
    init: true
    restart: unless-stopped
    stop_grace_period: 10m
    labels:
      aidatavault.enable: "false"
    volumes:
${mountsOf(facts).map(mount).join('\n')}
`
}

const drillFolder = '/var/tmp/aidatavault'

interface Mount {
  readonly place: string
  /** In the container, where that is not the same. */
  readonly at?: string
  readonly readOnly: boolean
  readonly why: string
}

/** Everything under the path that it has on this machine: the engine, which is asked to mount it, knows no other. */
const mountsOf = ({ root, vaultFolders, credentials, files }: ServiceFacts): readonly Mount[] => [
  { place: engineSocket(), at: '/var/run/docker.sock', readOnly: false, why: 'the Docker engine' },
  { place: root, readOnly: false, why: 'the project; what it mounts from other folders belongs here too' },
  ...vaultFolders.map(place => ({ place, readOnly: false, why: 'the vault' })),
  { place: path.dirname(credentials), readOnly: true, why: 'the password of the vault' },
  ...files.map(place => ({ place, readOnly: true, why: 'named on the command line' })),
  { place: drillFolder, readOnly: false, why: 'for drills' },
]

/** The one that the docker command of this user asks. */
function engineSocket(): string {
  const host = process.env['DOCKER_HOST'] ?? ''
  return host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock'
}

const mount = ({ place, at = place, readOnly, why }: Mount): string =>
  [
    `      # ${why}`,
    '      - type: bind',
    `        source: ${yamlText(place)}`,
    `        target: ${yamlText(at)}`,
    ...(readOnly ? ['        read_only: true'] : []),
    ...(place === drillFolder ? ['        bind: { create_host_path: true }'] : []),
  ].join('\n')

// Compose interpolates: a dollar stands for itself when it is doubled.
const yamlText = (text: string) => JSON.stringify(text.replaceAll('$', '$$$$'))
const yamlList = (texts: readonly string[]) => `[${texts.map(yamlText).join(', ')}]`
