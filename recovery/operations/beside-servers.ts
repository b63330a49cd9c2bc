import fs from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { DatabaseServer, Manifest } from '../../contract/manifest.ts'
import { messageOf } from '../domain/errors.ts'
import type { Run } from '../domain/run.ts'
import type { Project, ProjectVolume } from '../project/project.ts'
import type { Tools } from './tools.ts'

type LeftOut = Manifest['leftOut']

/** Names in a folder of the volume; `place` is its path in the server's container. An absent one has none. */
type List = (place: string) => Promise<readonly string[]>

/**
 * What lies in the volume of a captured server and is none of its databases: the database source does not bring it back,
 * and the volume source leaves that volume alone. A point without it is not complete.
 */
export async function besideServer(
  project: Project,
  server: DatabaseServer,
  tools: Tools,
  run: Run,
): Promise<LeftOut[number][]> {
  const volume = volumeOf(project, server)
  if (!volume) return []
  try {
    const found = await strangersBeside(project, server, tools, run)
    return found.length === 0
      ? []
      : [leftOut(volume, `it holds more than the databases of ${server.name}: ${some(found)}`)]
  } catch (error) {
    run.signal.throwIfAborted()
    return [
      leftOut(
        volume,
        `it could not be seen whether it holds more than the databases of ${server.name}: ${messageOf(error)}`,
      ),
    ]
  }
}

const volumeOf = ({ volumes }: Project, { name }: DatabaseServer): ProjectVolume | undefined =>
  volumes.find(
    ({ kind, holdsServer, mounts }) =>
      kind !== 'bind' && holdsServer === name && mounts.some(({ service }) => service === name),
  )

/** The paths of it, in the server's container. Rejects where it cannot be seen. */
export async function strangersBeside(
  project: Project,
  server: DatabaseServer,
  tools: Tools,
  run: Run,
): Promise<string[]> {
  const volume = volumeOf(project, server)
  if (!volume) return []
  const { target } = volume.mounts.find(({ service }) => service === server.name)!
  const list = await lister(volume, project, server.name, tools, run)
  return strangers(server, target, isShared(project, volume), withoutMounts(list, project, server))
}

/** Where something else is mounted, the volume has but an empty folder. */
const withoutMounts = (list: List, { volumes }: Project, server: DatabaseServer): List => {
  const mounts = volumes.flatMap(volume => volume.mounts.filter(({ service }) => service === server.name))
  const targets = new Set(mounts.map(({ target }) => path.posix.normalize(`${target}/`)))
  return async place => (await list(place)).filter(name => !targets.has(path.posix.normalize(`${place}/${name}/`)))
}

const leftOut = ({ key }: ProjectVolume, why: string) => ({
  what: `volume ${key} beside the databases`,
  why: `${why}; give what is no database a volume or folder of its own`,
})

const some = (names: readonly string[]) => names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '')

/** Others who mount it may write where the server keeps its files; another server has its own word on them. */
const isShared = ({ servers }: Project, { mounts }: ProjectVolume): boolean =>
  mounts.some(({ service }) => !servers.some(({ name }) => name === service))

/** Everything on the way from the mount to the data directory, and in it where others write too; paths in the container. */
async function strangers(
  { server: { dataDirectory }, method }: DatabaseServer,
  target: string,
  shared: boolean,
  list: List,
): Promise<string[]> {
  const relative = path.posix.relative(target, dataDirectory)
  const isElsewhere = relative === '..' || relative.startsWith('../')
  const steps = isElsewhere ? [''] : relative.split('/').filter(Boolean)
  const found: string[] = []
  let place = target
  for (const step of steps) {
    for (const name of await list(place))
      if (name !== step && !worthless.test(name) && !(await isTablespace(`${place}/${name}`, list)))
        found.push(`${place}/${name}`)
    place = path.posix.join(place, step)
  }
  if (shared && method === 'logical' && !isElsewhere)
    found.push(
      ...(await list(place))
        .filter(name => !ofServer.test(name) && !worthless.test(name))
        .map(name => `${place}/${name}`),
    )
  return found
}

// Of the file system, and what a shell in the container leaves in the home folder of its user.
const worthless = /^(lost\+found|\.\w+_history|\.lesshst)$/

/** Its tables are in the dumps. */
const isTablespace = async (place: string, list: List): Promise<boolean> => {
  const names = await list(place)
  return names.length > 0 && names.every(name => /^PG_\d+_\d{9}$/.test(name))
}

const ofServer =
  /^(base|global|log|PG_VERSION|postmaster\.(pid|opts)|current_logfiles(\.tmp)?|(backup_label|tablespace_map|backup_manifest)(\.\w+)?|(recovery|standby)\.(signal|done)|pg_(commit_ts|dynshmem|log|logical|multixact|notify|replslot|serial|snapshots|stat|stat_tmp|subtrans|tblspc|twophase|wal|xact)|.+\.(conf|crt|key|pem|crl)(\.\w+)?)$/

/** Through the volume's folder where it can be reached, else in the running server. */
async function lister(
  { name, mounts }: ProjectVolume,
  project: Project,
  server: string,
  { engine, compose }: Tools,
  run: Run,
): Promise<List> {
  const folder = await engine.volumeFolder(name, run)
  const { target } = mounts.find(({ service }) => service === server)!
  if (folder !== undefined) return place => namesIn(path.join(folder, path.posix.relative(target, place)))
  const script = 'if [ -d "$1" ]; then exec ls -A "$1"; fi'
  return async place => {
    const argv = ['sh', '-c', script, 'sh', place]
    const program = compose.exec(project.compose!.address, server, argv, { user: '0' }, run)
    program.stdin.end()
    const [printed] = await Promise.all([text(program.stdout), program.finished])
    return printed.split('\n').filter(Boolean)
  }
}

const namesIn = (folder: string) =>
  fs.readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
