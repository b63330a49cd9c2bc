import type { Command } from 'commander'
import type { Manifest, ProjectFacts } from '../../contract/manifest.ts'
import {
  findPoint,
  isSameOrigin,
  listPoints,
  originOf,
  originText,
  shortId,
  shownManifest,
  type RecoveryPoint,
  type UnreadablePoint,
} from '../../recovery/operations/index.ts'
import { configuredVault, projectIfAny, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { unreadableJson, warnOfUnreadable } from '../unreadable.ts'
import { addPointsDiff } from './points-diff.ts'
import { plural, sizeText, table, timeText } from '../words.ts'

export function pointsCommand(program: Command, follow: Follow): void {
  const points = program
    .command('points')
    .description('list the recovery points of this project (of all projects with --all)')
    .option('--all', 'of all projects in the vault')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault points\n  aidatavault points show latest\n  aidatavault points --all --vault /mnt/backup/vault\n',
    )
    .action((options: { all?: boolean }) => follow(context => runList(options.all ?? false, context)))
  points
    .command('show <POINT>')
    .description('what one point holds: an id, the beginning of one, or latest')
    .action((point: string) => follow(context => runShow(point, context)))
  addPointsDiff(points, follow)
}

async function runList(all: boolean, context: Context): Promise<void> {
  const project = await projectIfAny(context)
  const { points, unreadable } = await withVault(context, configuredVault(context, project), vault =>
    listPoints(vault, all ? undefined : project?.facts.id),
  )
  warnOfUnreadable(unreadable, context.terminal)
  const here = project?.facts
  context.terminal.result(
    points.length + unreadable.length === 0
      ? 'no recovery points yet; take one with: aidatavault backup'
      : listText(points, unreadable, here),
    [...points.map(point => brief(point, here)), ...unreadable.map(unreadableJson)],
  )
}

const listText = (
  points: readonly RecoveryPoint[],
  unreadable: readonly UnreadablePoint[],
  here: ProjectFacts | undefined,
): string =>
  table([
    ['POINT', 'TIME', 'PROJECT', 'FROM', 'STATE', 'HOLDS'],
    ...points.map(({ snapshot, manifest }) => [
      shortId(snapshot.id),
      timeText(snapshot.time),
      manifest.project.name,
      isHere(manifest, here) ? 'here' : originText(originOf(manifest.project)),
      manifest.state,
      holds(manifest),
    ]),
    ...unreadable.map(({ id, time }) => [shortId(id), time ? timeText(time) : '?', '?', '?', 'UNREADABLE', '?']),
  ])

/** Taken of this project in this folder on this machine. */
const isHere = ({ project }: Manifest, here: ProjectFacts | undefined) =>
  here !== undefined && isSameOrigin(project, here)

function holds({ code, config, servers, volumes }: Manifest): string {
  const databases = servers.flatMap(server => server.databases)
  const parts = [
    ...(code ? [`code (${code.kind})`] : []),
    plural(config.length, 'config file'),
    plural(databases.length, 'database'),
    plural(volumes.length, 'volume'),
  ]
  return parts.join(', ')
}

const brief = ({ snapshot, manifest }: RecoveryPoint, here: ProjectFacts | undefined) => ({
  point: snapshot.id,
  time: snapshot.time.toISOString(),
  project: manifest.project.name,
  projectId: manifest.project.id,
  hostname: manifest.project.hostname,
  folder: originOf(manifest.project).folder,
  here: isHere(manifest, here),
  state: manifest.state,
  tags: snapshot.tags,
})

async function runShow(which: string, context: Context): Promise<void> {
  const project = await projectIfAny(context)
  const point = await withVault(context, configuredVault(context, project), vault =>
    findPoint(vault, which, project?.facts),
  )
  context.terminal.result(pointText(point), {
    ...brief(point, project?.facts),
    manifest: shownManifest(point.manifest),
  })
}

function pointText({ snapshot, manifest }: RecoveryPoint): string {
  const { project } = manifest
  return [
    `point    ${snapshot.id}`,
    `taken    ${timeText(snapshot.time)} by ${manifest.program}, ${manifest.state}`,
    `project  ${project.name} (${project.id}) on ${project.hostname}, ${project.root}`,
    ...codeLines(manifest),
    ...manifest.config.map(file => `config   ${file.path} (${file.kind})`),
    ...manifest.servers.flatMap(serverLines),
    ...manifest.volumes.map(
      volume =>
        `volume   ${volume.key}: ${plural(volume.files, 'file')}, ${sizeText(volume.bytes)}${quietText(volume)}`,
    ),
    ...manifest.images.map(
      ({ service, reference, builds, inPoint }) =>
        `image    ${service}: ${reference}${inPoint ? ' (in the point)' : builds ? ' (built from the code)' : ''}`,
    ),
    ...manifest.leftOut.map(({ what, why }) => `left out ${what}: ${why}`),
    `\nBring it back with: aidatavault recover VAULT --point ${shortId(snapshot.id)}`,
  ].join('\n')
}

const quietText = ({ consistency }: Manifest['volumes'][number]): string =>
  consistency ? `, read while its services were ${consistency === 'stop' ? 'stopped' : 'paused'}` : ''

function codeLines({ code }: Manifest): string[] {
  if (!code) return []
  if (code.kind === 'folder') return [`code     folder, ${plural(code.files, 'file')}, ${sizeText(code.bytes)}`]
  const changes = `${code.staged} staged, ${code.dirty} changed, ${code.untracked} untracked, ${plural(code.stashes, 'stash').replace('stashs', 'stashes')}`
  return [
    `code     git ${code.branch ?? 'detached'} at ${code.head?.slice(0, 8) ?? 'no commit'}, ${plural(code.refs.length, 'ref')}; ${changes}`,
  ]
}

const serverLines = (server: Manifest['servers'][number]): string[] => [
  `server   ${server.name}: PostgreSQL ${server.server.versionText}, ${server.method}, ${plural(server.roles.length, 'role')}`,
  ...server.databases.map(({ name, tables, sizeBytes }) => {
    const rows = tables.reduce((total, { rows }) => total + (rows ?? 0), 0)
    return `database ${server.name}/${name}: ${plural(tables.length, 'table')}, ${plural(rows, 'row')}, ${sizeText(sizeBytes)}`
  }),
]
