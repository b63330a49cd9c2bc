import fs from 'node:fs/promises'
import path from 'node:path'
import type { Sandbox } from '../sandbox.ts'
import { must } from '../run.ts'
import { fillVolume, mountpoint } from '../volume-state.ts'
import { envFile, signingKey } from './secrets.ts'

const here = import.meta.dirname

/** The project with everything in it, running: code and git, secrets, a database, volumes, a bind-mounted folder. */
export async function makeEverything(sandbox: Sandbox, { odd }: { readonly odd: boolean }): Promise<void> {
  await fs.cp(path.join(here, 'project'), sandbox.project, { recursive: true })
  await sandbox.giveToUser(sandbox.project)
  await sandbox.must(['bash', path.join(here, 'git.sh'), sandbox.project, sandbox.at('remote.git')], {
    cwd: sandbox.folder,
  })
  await writeSecrets(sandbox)
  await writeReports(sandbox)
  await sandbox.giveToUser(sandbox.project)
  if (odd) await fillVolume(sandbox.at(sandbox.name, 'data/reports'), path.join(here, 'uploads.sh'))
  await sandbox.compose('up', '--build', '--detach', '--wait')
  await fillVolume(`${sandbox.name}_uploads`, path.join(here, 'uploads.sh'))
  await sandbox.compose('exec', 'worker', 'touch', '/cache/warm')
}

async function writeSecrets({ project }: Sandbox): Promise<void> {
  await fs.writeFile(path.join(project, 'server/.env'), envFile, { mode: 0o640 })
  await fs.mkdir(path.join(project, 'secrets'))
  await fs.writeFile(path.join(project, 'secrets/signing.key'), signingKey, { mode: 0o444 })
}

/** git ignores it, a service mounts it: data, not code. */
async function writeReports({ project }: Sandbox): Promise<void> {
  const reports = path.join(project, 'data/reports')
  await fs.mkdir(path.join(reports, 'empty'), { recursive: true })
  await fs.writeFile(path.join(reports, 'March.csv'), 'a;b\r\n1;2\r\n')
}

/** Extended attributes, a capability among them; as root, where the volumes' folders are on this machine. */
export async function addXattrs(sandbox: Sandbox): Promise<void> {
  const folder = await mountpoint(`${sandbox.name}_uploads`)
  const set = (file: string, name: string, value: string) =>
    must(['setfattr', '-h', '-n', name, '-v', value, '--', file], { cwd: folder })
  await set('photos/2023/a.jpg', 'user.comment', 'a note: é')
  await set('photos/2023/large.bin', 'user.binary', '0x00ff0a00')
  await set('photos', 'user.on.a.folder', '')
  await set('link', 'trusted.on.a.link', 'yes')
  await set('setuid', 'security.capability', '0x0100000200040000000000000000000000000000')
  await must(['touch', '-d', '2011-11-11 11:11:11.111111111Z', 'photos'], { cwd: folder })
}

/** Everything down and gone: containers, volumes, networks, images built, the folder, the remote. The vault alone stays. */
export async function destroyEverything(sandbox: Sandbox): Promise<void> {
  await sandbox.compose('down', '--volumes', '--rmi', 'local', '--timeout', '5')
  await fs.rm(sandbox.project, { recursive: true })
  await fs.rm(sandbox.at('remote.git'), { recursive: true })
}
