import { createHash, randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeFullStorage, describeStorage } from './conformance.ts'
import { HttpAgentClient } from './http-agent.ts'
import { openStorage } from './location.ts'
import { parseRestLocation } from './rest-location.ts'
import { RestStorage } from './rest.ts'
import { makeCertificate } from './testing/certificate.ts'
import { describeFaults } from './testing/describe-faults.ts'
import { memoryFolder } from './testing/memory-folder.ts'
import { startRestServer, startRestServerOnSocket, type RestServer } from './testing/rest-server.ts'
import { lacks } from './testing/server-process.ts'

const nameOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe.skipIf(lacks('rest-server'))("with restic's REST server", () => {
  let folder: string
  let server: RestServer
  let full: RestServer
  beforeAll(async () => {
    folder = memoryFolder('rest')
    fs.mkdirSync(path.join(folder, 'full'))
    server = await startRestServer(folder)
    full = await startRestServer(path.join(folder, 'full'), '--max-size', '3000000')
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await full[Symbol.asyncDispose]()
    fs.rmSync(folder, { recursive: true, force: true })
  })

  describeStorage('REST', async () => openStorage(`rest:${server.url}/${randomUUID()}/`))
  describeFullStorage('REST', async () => openStorage(`rest:${full.url}/`))

  describeFaults(
    'REST',
    () => server.port,
    (port, waits) => {
      const text = `rest:http://127.0.0.1:${port}/${randomUUID()}/`
      const { location, server: reached, base } = parseRestLocation(text, {})
      return waits.map(wait => new RestStorage(location, new HttpAgentClient(reached, wait), base))
    },
  )

  it('lays a vault out as restic does', async () => {
    const vault = randomUUID()
    const storage = openStorage(`rest:${server.url}/${vault}/`)
    await storage.prepare()
    const name = nameOf(Buffer.from('a pack'))
    await storage.save('data', name, Buffer.from('a pack'))
    expect(fs.readFileSync(path.join(folder, vault, 'data', name.slice(0, 2), name), 'utf8')).toBe('a pack')
  })

  it('replaces a file of the right name and wrong content', async () => {
    const vault = randomUUID()
    const storage = openStorage(`rest:${server.url}/${vault}/`)
    await storage.prepare()
    const bytes = randomBytes(1000)
    await storage.save('data', nameOf(bytes), bytes)
    const file = path.join(folder, vault, 'data', nameOf(bytes).slice(0, 2), nameOf(bytes))
    fs.writeFileSync(file, bytes.with(500, bytes[500]! ^ 1))
    await storage.save('data', nameOf(bytes), bytes)
    expect(fs.readFileSync(file).equals(bytes)).toBe(true)
  })

  it('is reached through a socket of this machine', async () => {
    const socket = path.join(folder, 'rest.sock')
    await using local = await startRestServerOnSocket(folder, socket)
    expect(local.child.exitCode).toBeNull()
    const storage = openStorage(`rest:http+unix://${socket}:/by-socket/`)
    await storage.prepare()
    await storage.save('config', '', Buffer.from('a config'))
    expect(fs.readFileSync(path.join(folder, 'by-socket', 'config'), 'utf8')).toBe('a config')
    await storage.close!()
  })

  it('gives user and password from the environment or the URL, and says when they are wrong', async () => {
    const passwords = path.join(folder, 'passwords')
    const hash = createHash('sha1').update('of ann: @/').digest('base64')
    fs.writeFileSync(passwords, `ann:{SHA}${hash}\n`)
    await using guarded = await startRestServer(folder, '--private-repos', '--htpasswd-file', passwords)
    const open = (url: string, password?: string) =>
      openStorage(`rest:${url}`, {
        env: { RESTIC_REST_USERNAME: 'ann', ...(password && { RESTIC_REST_PASSWORD: password }) },
      })
    const withUser = guarded.url.replace('//', `//ann:${encodeURIComponent('of ann: @/')}@`)
    for (const storage of [open(`${guarded.url}/ann/`, 'of ann: @/'), open(`${withUser}/ann/`)]) {
      await storage.prepare()
      expect(await storage.list('data')).toEqual([])
      expect(storage.location).not.toContain('of')
    }
    const wrong = open(`${guarded.url}/ann/`, 'of bob').list('data')
    const hint = expect.stringContaining('RESTIC_REST_PASSWORD') as string
    await expect(wrong).rejects.toMatchObject({ code: 'storage-failed', transient: false, hint })
    await expect(wrong).rejects.not.toThrow('of bob')
    // Somebody else's place.
    const foreign = open(`${guarded.url}/bob/`, 'of ann: @/').save('config', '', Buffer.from('x'))
    await expect(foreign).rejects.toMatchObject({ code: 'storage-failed', transient: false })
  })

  it('trusts the authority that RESTIC_CACERT names, and no other than the usual ones without', async () => {
    const { certificate, key } = makeCertificate(folder)
    await using secure = await startRestServer(folder, '--tls', '--tls-cert', certificate, '--tls-key', key)
    const open = (url: string, env = {}) => openStorage(`rest:${url}/secure/`, { env })
    await open(secure.url, { RESTIC_CACERT: certificate }).prepare()
    await expect(open(secure.url).list('data')).rejects.toMatchObject({
      code: 'storage-failed',
      transient: false,
      hint: expect.stringContaining('RESTIC_CACERT') as string,
    })
    await expect(open(server.url.replace('http', 'https')).list('data')).rejects.toThrow('no TLS connection')
    const missing = open(secure.url, { RESTIC_CACERT: '/nowhere/ca.pem' }).list('data')
    await expect(missing).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('takes nothing away from a server that is append-only, and says so', async () => {
    await using keeping = await startRestServer(folder, '--append-only')
    const storage = openStorage(`rest:${keeping.url}/append-only/`)
    await storage.prepare()
    const bytes = randomBytes(100)
    await storage.save('data', nameOf(bytes), bytes)
    await storage.save('data', nameOf(bytes), bytes)
    const refused = { code: 'storage-failed', transient: false, hint: expect.stringContaining('append-only') as string }
    await expect(storage.remove('data', nameOf(bytes))).rejects.toMatchObject(refused)
  })
})

describe('without a REST server', () => {
  it('says that nothing listens there', async () => {
    const server = http.createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise(resolve => server.close(resolve))
    await expect(openStorage(`rest:http://127.0.0.1:${port}/`).list('data')).rejects.toMatchObject({
      message: `could not list data: http://127.0.0.1:${port} cannot be used: nothing listens there`,
      transient: true,
    })
  })

  it('says that there is no such host', async () => {
    const listing = openStorage('rest:http://vault.invalid/').list('data')
    await expect(listing).rejects.toMatchObject({
      code: 'storage-failed',
      message: /no host of that name|cannot be looked up/,
    })
  })

  it('says that another web server is none', async () => {
    await using page = await serve((_, response) => void response.end('<html>Hello</html>'))
    const failure = { code: 'storage-failed', message: expect.stringContaining('no restic REST server') as string }
    await expect(openStorage(page.location).list('data')).rejects.toMatchObject(failure)
    await using refusing = await serve((_, response) => void response.writeHead(405).end())
    await expect(openStorage(refusing.location).prepare()).rejects.toMatchObject(failure)
  })

  it('asks for the size of every file where a server of the first version lists names alone', async () => {
    const name = nameOf(Buffer.from('x'))
    await using old = await serve((request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': 123 }).end()
      response.end(JSON.stringify([name, 'something else']))
    })
    expect(await openStorage(old.location).list('snapshots')).toEqual([{ name, size: 123 }])
  })

  it('does not wait for a server that ignores being asked whether it wants a body', async () => {
    const got: number[] = []
    await using deaf = await serve(async (request, response) => {
      let bytes = 0
      for await (const piece of request) bytes += (piece as Buffer).length
      got.push(bytes)
      response.end()
    })
    deaf.server.on('checkContinue', (request, response) => deaf.server.emit('request', request, response))
    const bytes = randomBytes(300_000)
    await openStorage(deaf.location).save('data', nameOf(bytes), bytes)
    expect(got).toEqual([300_000])
  })
})

describe('parseRestLocation', () => {
  const parse = (text: string, env = {}) => parseRestLocation(text, env)

  it('keeps a password out of what is shown', () => {
    const { location, server } = parse('rest:https://ann:s%40cret@vault.example:8000/a/b')
    expect(location).toBe('rest:https://ann@vault.example:8000/a/b/')
    expect(server).toMatchObject({ name: 'https://vault.example:8000', auth: 'ann:s@cret', port: 8000, secure: true })
  })

  it('takes from the environment what the URL does not say', () => {
    const env = { RESTIC_REST_USERNAME: 'bob', RESTIC_REST_PASSWORD: 'of bob' }
    expect(parse('rest:http://h/', env).server.auth).toBe('bob:of bob')
    expect(parse('rest:http://ann@h/', env).server.auth).toBe('ann:of bob')
    expect(parse('rest:http://ann:x@h/', env).server.auth).toBe('ann:x')
    expect(parse('rest:http://h/').server.auth).toBeUndefined()
  })

  it('knows addresses and sockets', () => {
    expect(parse('rest:http://[::1]:8000').server).toMatchObject({ host: '::1', port: 8000 })
    expect(parse('rest:http+unix:///run/rest.sock:/a/')).toMatchObject({
      base: '/a/',
      server: { socketPath: '/run/rest.sock' },
    })
    expect(parse('rest:http+unix:///run/rest.sock')).toMatchObject({
      base: '/',
      server: { socketPath: '/run/rest.sock' },
    })
  })

  it.each([
    'rest:',
    'rest:host/path',
    'rest:ftp://h/',
    'rest:http://',
    'rest:http://h/?x=1',
    'rest:http://ann:s3cret@:x/',
  ])('refuses %s, without repeating a password', text => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'bad-input' }))
    expect(() => parse(text)).not.toThrow('s3cret')
  })
})

interface Served extends AsyncDisposable {
  readonly location: string
  readonly server: http.Server
}

async function serve(listener: http.RequestListener): Promise<Served> {
  const server = http.createServer(listener).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const location = `rest:http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    location,
    server,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
