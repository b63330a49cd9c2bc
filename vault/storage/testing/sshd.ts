import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import os, { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const sshdProgram = '/usr/sbin/sshd'

/** Whether tests leave themselves out for want of OpenSSH's server; never where nothing may be skipped. `test/bed/make` installs it. */
export const lacksSshd = process.env['AIDATAVAULT_REQUIRE_DOCKER'] !== '1' && !existsSync(sshdProgram)

/** OpenSSH's server on loopback, with keys and configuration of its own; nothing of the machine's or the user's is used. */
export interface Sshd extends AsyncDisposable {
  readonly port: number
  /** The vaults lie below it. */
  readonly folder: string
  /** The whole command that `sftp.command` of restic and AIDATAVAULT_SFTP_COMMAND take. */
  command(port?: number): string
  /** An environment in which `ssh` reaches the server by the name `vaulthost`, and nothing else. */
  env(port?: number): Promise<NodeJS.ProcessEnv>
  /** Numbers of the processes that serve a connection. */
  sessions(): number[]
}

/** Starts the server. `sftp`: the program behind the subsystem; default OpenSSH's own. */
export async function startSshd(sftp = 'internal-sftp'): Promise<Sshd> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aidatavault-sshd-'))
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const at = (name: string) => path.join(folder, name)
  for (const key of ['hostkey', 'userkey'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'a throwaway key', '-f', at(key)])
  await writeFile(at('authorized'), await readFile(at('userkey.pub')))
  const port = await freePort()
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${at('hostkey')}`,
    `AuthorizedKeysFile ${at('authorized')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    // Tests that cut connections make many.
    'MaxStartups 100:30:200',
    `Subsystem sftp ${sftp}`,
  ]
  await writeFile(at('sshd_config'), `${settings.join('\n')}\n`)
  const child = spawn(sshdProgram, ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] })
  await listening(child)
  await mkdir(at('vaults'))
  await writeFile(at('known_hosts'), `vaulthost ${await readFile(at('hostkey.pub'), 'utf8')}`)
  const config = async (to: number) => {
    await writeFile(at(`ssh_config_${to}`), `${clientSettings(folder, to).join('\n')}\n`)
    return at(`ssh_config_${to}`)
  }
  await config(port)
  return {
    port,
    folder: at('vaults'),
    command: (to = port) => `ssh -F ${at(`ssh_config_${to}`)} vaulthost -s sftp`,
    env: async (to = port) => ({ ...process.env, AIDATAVAULT_SFTP_ARGS: `-F ${await config(to)}` }),
    sessions: () => childrenOf(child.pid!),
    [Symbol.asyncDispose]: async () => {
      for (const pid of childrenOf(child.pid!)) process.kill(pid, 'SIGKILL')
      child.kill('SIGKILL')
      await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const clientSettings = (folder: string, port: number): string[] => [
  'Host vaulthost',
  'HostName 127.0.0.1',
  'HostKeyAlias vaulthost',
  `Port ${port}`,
  `User ${os.userInfo().username}`,
  `IdentityFile ${path.join(folder, 'userkey')}`,
  'IdentitiesOnly yes',
  'IdentityAgent none',
  `UserKnownHostsFile ${path.join(folder, 'known_hosts')}`,
  'StrictHostKeyChecking yes',
]

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listening(sshd: ChildProcess): Promise<void> {
  let said = ''
  for await (const piece of sshd.stderr!) if (/Server listening/.test((said += String(piece)))) break
  sshd.stderr?.resume()
  if (sshd.exitCode !== null) throw new Error(`sshd ended: ${said}`)
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number)

/** Waits for something that happens by itself, as a process that ends. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10)
}
