import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

const top = path.resolve(import.meta.dirname, '../..')

/** The `sh` blocks of pages of the guide, in order. */
export async function shellBlocks(pages: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(pages.map(page => fs.readFile(path.join(top, 'docs/guide', `${page}.md`), 'utf8')))
  return texts.flatMap(text => [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? ''))
}

/** Runs a script as somebody would who follows the guide, stopping at the first failure; each line is said before it runs. */
export function shell(
  script: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise(resolve => {
    const argv = ['-euo', 'pipefail', '-x', '-c', script]
    const child = spawn('bash', argv, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
    child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()))
    child.on('close', code => resolve({ code, output }))
  })
}

/** A folder to follow the guide in, whose Compose projects have these names. */
export class Reader {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly #names: readonly string[]

  private constructor(folder: string, env: NodeJS.ProcessEnv, names: readonly string[]) {
    this.folder = folder
    this.env = env
    this.#names = names
  }

  /** Rejects where somebody has a project of such a name: nothing may happen to it. */
  static async make(names: readonly string[]): Promise<Reader> {
    for (const name of names) {
      const label = `label=com.docker.compose.project=${name}`
      const list = `docker ps -aq --filter ${label}; docker volume ls -q --filter ${label}`
      const { output } = await shell(list, top, process.env)
      if (output.split('\n').some(line => line !== '' && !line.startsWith('+')))
        throw new Error(`this machine has a Compose project named ${name}; the guide is not run beside it`)
    }
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-guide-'))
    await fs.mkdir(path.join(folder, 'bin'))
    await fs.symlink(path.join(top, 'bin/aidatavault'), path.join(folder, 'bin/aidatavault'))
    return new Reader(folder, await environmentIn(folder), names)
  }

  /** The pages' blocks, one after the other, as one script. */
  async follow(pages: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    return shell((await shellBlocks(pages)).join('\n'), this.folder, this.env)
  }

  async end(): Promise<void> {
    for (const name of this.#names) {
      const label = `label=com.docker.compose.project=${name}`
      const end = `docker compose --project-name ${name} down --volumes --rmi local
        docker volume ls --quiet --filter ${label} | xargs -r docker volume rm
        docker volume ls --quiet | { grep '^${name}_' || true; } | xargs -r docker volume rm`
      await shell(end, this.folder, this.env)
    }
    await fs.rm(this.folder, { recursive: true })
  }
}

async function environmentIn(folder: string): Promise<NodeJS.ProcessEnv> {
  const [name, email] = ['U', 'u@example.org']
  return {
    ...process.env,
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
    PATH: `${folder}/bin:${process.env.PATH ?? ''}`,
    AIDATAVAULT: top,
    XDG_CONFIG_HOME: path.join(folder, 'settings'),
    NOTES_PORT: String(await freePort()),
  }
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = net.createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}
