import fs from 'node:fs/promises'
import path from 'node:path'
import { must, run } from './run.ts'

/** Somebody who is not root, as most people who run Docker are. */
export interface TestUser {
  readonly uid: number
  readonly gid: number
  /** What runs a program as this user. */
  readonly prefix: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Whether tests can step down from root to somebody else. */
export const canStepDown = process.platform === 'linux' && process.getuid?.() === 0

// Nobody on a usual machine has it; no account is needed.
const uid = 64_321

/** A user with a home in `folder`, who may talk to the Docker engine by the group of its socket. */
export async function testUser(folder: string): Promise<TestUser> {
  const socket = await fs.stat('/var/run/docker.sock').catch(() => undefined)
  const gid = socket?.gid ?? uid
  const home = path.join(folder, 'home')
  await fs.mkdir(home)
  await copyComposePlugin(home)
  await must(['chown', '-R', `${uid}:${gid}`, folder])
  await fs.chmod(folder, 0o755)
  const prefix = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--']
  return { uid, gid, prefix, env: { HOME: home, DOCKER_CONFIG: path.join(home, '.docker'), USER: 'somebody' } }
}

/** Compose may be installed for root alone. */
async function copyComposePlugin(home: string): Promise<void> {
  const plugins = path.join(home, '.docker/cli-plugins')
  await fs.mkdir(plugins, { recursive: true })
  const mine = path.join(process.env['HOME'] ?? '/root', '.docker/cli-plugins/docker-compose')
  const there = await run(['cp', mine, plugins])
  if (there.code !== 0) await fs.rm(plugins, { recursive: true })
}
