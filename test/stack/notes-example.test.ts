import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'

const example = path.join(import.meta.dirname, '../../examples/notes')
const secret = () => randomBytes(24).toString('hex')

async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise(done => server.close(done))
  return port
}

/** Fills the example's own server/.env.example in, as its README says. */
async function fillEnvFile(folder: string, secrets: Record<string, string>): Promise<void> {
  const text = await readFile(path.join(folder, 'server/.env.example'), 'utf8')
  const filled = text.replace(/^([A-Z_]+)=$/gm, (_line, name: string) => `${name}=${secrets[name] ?? ''}`)
  await writeFile(path.join(folder, 'server/.env'), filled, { mode: 0o600 })
}

describe.skipIf(skipsStack)('the notes example', () => {
  const apiKey = secret()
  const project = `notes-${randomBytes(4).toString('hex')}`
  let folder: string
  let address: string
  let compose: (...args: string[]) => Promise<unknown>

  const post = (where: string, body: RequestInit['body'], headers: Record<string, string> = { 'x-api-key': apiKey }) =>
    fetch(address + where, { method: 'POST', body, headers })

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'notes-'))
    await cp(example, folder, { recursive: true, filter: from => !/(node_modules|\/\.env)$/.test(from) })
    await fillEnvFile(folder, { POSTGRES_PASSWORD: secret(), JWT_SECRET: secret(), API_KEY: apiKey })
    const port = await findFreePort()
    address = `http://127.0.0.1:${port}`
    const env = { ...process.env, NOTES_PORT: String(port) }
    compose = (...args) => promisify(execFile)('docker', ['compose', '-p', project, ...args], { cwd: folder, env })
    await compose('up', '--build', '--detach', '--wait')
  }, 300_000)

  afterAll(async () => {
    await compose('down', '--volumes', '--rmi', 'local', '--timeout', '5')
    await rm(folder, { recursive: true })
  })

  it('is healthy once Compose says so', async () => {
    expect((await fetch(`${address}/health`)).status).toBe(200)
  })

  it('keeps a note and a file, also when its containers are made anew', async () => {
    const photo = randomBytes(100_000)
    expect((await post('/notes', '{"text": "remember the milk"}')).status).toBe(201)
    expect((await post('/files/photo%20one.jpg', photo)).status).toBe(201)
    await compose('down', '--timeout', '5')
    await compose('up', '--detach', '--wait')
    expect(await (await fetch(`${address}/notes`)).json()).toMatchObject([{ id: 1, text: 'remember the milk' }])
    expect(Buffer.from(await (await fetch(`${address}/files/photo%20one.jpg`)).arrayBuffer()).equals(photo)).toBe(true)
  })

  it('lets nobody write without the key or a token of its own', async () => {
    expect((await post('/notes', '{"text": "no"}', {})).status).toBe(401)
    expect((await post('/files/no', 'no', { 'x-api-key': 'guessed' })).status).toBe(401)
    const { token } = (await (await post('/tokens', null)).json()) as { token: string }
    expect((await post('/files/yes', 'yes', { authorization: `Bearer ${token}` })).status).toBe(201)
    expect((await post('/files/no', 'no', { authorization: `Bearer ${token}A` })).status).toBe(401)
    expect(await (await fetch(`${address}/files`)).json()).toEqual(['photo one.jpg', 'yes'])
  })

  it('hands out no file from outside its folder', async () => {
    expect((await fetch(`${address}/files/..%2f..%2fetc%2fpasswd`)).status).toBe(400)
    expect((await fetch(`${address}/files/missing`)).status).toBe(404)
  })
})
