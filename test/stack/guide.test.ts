import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'

// The pages that somebody follows after a loss: their `sh` blocks are run as they stand, page after page.
const top = path.resolve(import.meta.dirname, '../..')
const names = ['notes', 'notes-copy']
const pages = ['protect', 'recover', 'restic']

async function shellBlocks(page: string): Promise<string[]> {
  const text = await fs.readFile(path.join(top, 'docs/guide', `${page}.md`), 'utf8')
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '')
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

function shell(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> {
  return new Promise(resolve => {
    const child = spawn('bash', ['-euo', 'pipefail', '-x', '-c', script], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
    child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()))
    child.on('close', code => resolve({ code, output }))
  })
}

describe.skipIf(skipsStack)('the guide', () => {
  let folder: string
  let env: NodeJS.ProcessEnv
  let namesAreOurs = false
  beforeAll(async () => {
    // The guide's project is called notes: on a machine where somebody has one of that name, nothing may happen to it.
    for (const name of names) {
      const label = `label=com.docker.compose.project=${name}`
      const { output } = await shell(
        `docker ps -aq --filter ${label}; docker volume ls -q --filter ${label}`,
        top,
        process.env,
      )
      if (output.split('\n').some(line => line !== '' && !line.startsWith('+')))
        throw new Error(`this machine has a Compose project named ${name}; the guide is not run beside it`)
    }
    namesAreOurs = true
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-guide-'))
    await fs.mkdir(path.join(folder, 'bin'))
    await fs.symlink(path.join(top, 'bin/aidatavault'), path.join(folder, 'bin/aidatavault'))
    const who = {
      GIT_AUTHOR_NAME: 'U',
      GIT_AUTHOR_EMAIL: 'u@example.org',
      GIT_COMMITTER_NAME: 'U',
      GIT_COMMITTER_EMAIL: 'u@example.org',
    }
    env = {
      ...process.env,
      ...who,
      PATH: `${folder}/bin:${process.env.PATH ?? ''}`,
      AIDATAVAULT: top,
      XDG_CONFIG_HOME: path.join(folder, 'settings'),
      NOTES_PORT: String(await freePort()),
    }
  })
  afterAll(async () => {
    if (!namesAreOurs) return
    for (const name of names)
      await shell(`docker compose --project-name ${name} down --volumes --rmi local`, folder, env)
    await shell(
      'docker volume ls --quiet --filter label=com.docker.compose.project=notes-copy | xargs -r docker volume rm',
      folder,
      env,
    )
    await fs.rm(folder, { recursive: true })
  })

  it('leads from a project through its loss back to it, and out by hand, exactly as written', async () => {
    const blocks = (await Promise.all(pages.map(shellBlocks))).flat()
    expect(blocks.length).toBeGreaterThan(10)
    const { code, output } = await shell(blocks.join('\n'), folder, env)
    expect(code, output).toBe(0)
    expect(output).toContain('remember the milk')
  }, 300_000)
})
