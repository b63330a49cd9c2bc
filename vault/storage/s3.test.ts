import { createHash, randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeStorage } from './conformance.ts'
import { openStorage } from './location.ts'
import { parseS3Location } from './s3-location.ts'
import { S3Storage } from './s3.ts'
import { describeFaults } from './testing/describe-faults.ts'
import { firstTimes, startFaultProxy } from './testing/fault-proxy.ts'
import { memoryFolder } from './testing/memory-folder.ts'
import { s3Keys, startS3Server, type S3Server } from './testing/s3-server.ts'

const nameOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const xml = (code: string, more = '') =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message>${more}</Error>`

describe('with an S3 server', () => {
  let folder: string
  let server: S3Server
  beforeAll(async () => {
    folder = memoryFolder('s3')
    server = await startS3Server(folder)
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  const open = (place: string, env: NodeJS.ProcessEnv = s3Keys) => openStorage(`s3:${server.url}/${place}`, { env })

  describeStorage('S3', async () => open(`bucket-${randomUUID()}/deep/prefix`))

  describeFaults(
    'S3',
    () => server.port,
    (port, waits) => {
      const place = parseS3Location(`s3:http://127.0.0.1:${port}/faults/${randomUUID()}`, {})
      return waits.map(wait => new S3Storage(place, s3Keys, wait))
    },
  )

  it('lays a vault out as restic does, with or without a prefix', async () => {
    const name = nameOf(Buffer.from('a pack'))
    for (const [place, prefix] of [
      ['plain', ''],
      ['with/a/prefix', 'a/prefix/'],
    ] as const) {
      const storage = open(place)
      await storage.prepare()
      await storage.save('data', name, Buffer.from('a pack'))
      const stored = path.join(folder, place.split('/')[0]!, `${prefix}data/${name.slice(0, 2)}/${name}._S3rver_object`)
      expect(fs.readFileSync(stored, 'utf8')).toBe('a pack')
    }
  })

  it('lists more files than one answer holds', async () => {
    const storage = open('many')
    await storage.prepare()
    const names = Array.from({ length: 1030 }, (_, i) => nameOf(Buffer.from(String(i))))
    fs.mkdirSync(path.join(folder, 'many', 'snapshots'))
    for (const name of names) fs.writeFileSync(path.join(folder, 'many', 'snapshots', `${name}._S3rver_object`), 'x')
    const listed = await storage.list('snapshots')
    expect(listed.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
  })

  it('says what is wrong with the keys, and never shows them', async () => {
    const wrong = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'a wrong secret' }
    const hint = expect.stringContaining('AWS_SECRET_ACCESS_KEY') as string
    const refused = { code: 'storage-failed', transient: false, hint }
    await expect(open('keys', wrong).list('data')).rejects.toMatchObject(refused)
    await expect(open('keys', wrong).list('data')).rejects.not.toThrow('a wrong secret')
    const unknown = { ...wrong, AWS_ACCESS_KEY_ID: 'NOBODY' }
    await expect(open('keys', unknown).load('config', '')).rejects.toMatchObject(refused)
  })

  it('takes keys from a profile of the shared file', async () => {
    const files = {
      AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'credentials'),
      AWS_CONFIG_FILE: path.join(folder, 'no-config'),
    }
    fs.writeFileSync(
      files.AWS_SHARED_CREDENTIALS_FILE,
      '[vault]\naws_access_key_id = S3RVER\naws_secret_access_key = S3RVER\n',
    )
    Object.assign(process.env, files)
    try {
      const storage = open('profile', { AWS_PROFILE: 'vault' })
      await storage.prepare()
      expect(await storage.list('keys')).toEqual([])
    } finally {
      for (const name of Object.keys(files)) delete process.env[name]
    }
  })

  it('says that there is no such bucket', async () => {
    const storage = open('missing-bucket')
    await expect(storage.load('config', '')).rejects.toMatchObject({
      code: 'vault-missing',
      message: expect.stringContaining('no bucket missing-bucket') as string,
    })
    await expect(storage.save('config', '', Buffer.from('x'))).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining('NoSuchBucket') as string,
    })
  })

  it('works where the clocks of the two machines differ by a day', async () => {
    await using skewed = await startS3Server(path.join(folder, 'skewed'), 86_400_000)
    const storage = openStorage(`s3:${skewed.url}/clock`, { env: s3Keys })
    expect(await storage.list('data')).toEqual([])
    await storage.prepare()
    const bytes = randomBytes(1000)
    await storage.save('data', nameOf(bytes), bytes)
    expect((await storage.load('data', nameOf(bytes))).equals(bytes)).toBe(true)
  })

  it("finds out the bucket's region", async () => {
    await using proxy = await startFaultProxy(server.port)
    const body = xml('AuthorizationHeaderMalformed', '<Region>eu-central-3</Region>')
    proxy.fault = firstTimes(1, () => true, { kind: 'answer', status: 400, body })
    const storage = openStorage(`s3:${proxy.url}/region`, { env: s3Keys })
    expect(await storage.list('data')).toEqual([])
    expect(proxy.requests).toHaveLength(2)
  })

  it.each([
    ['SlowDown', 503, 'storage-failed', true],
    ['InternalError', 500, 'storage-failed', true],
    ['BadDigest', 400, 'storage-failed', true],
    ['AccessDenied', 403, 'storage-failed', false],
    ['XMinioStorageFull', 507, 'storage-full', false],
    ['QuotaExceeded', 403, 'storage-full', false],
  ])('tells %s from what it is not', async (code, status, expected, transient) => {
    await using proxy = await startFaultProxy(server.port)
    proxy.fault = () => ({ kind: 'answer', status, body: xml(code) })
    const storage = openStorage(`s3:${proxy.url}/codes`, { env: s3Keys })
    const saving = storage.save('config', '', Buffer.from('x'))
    await expect(saving).rejects.toMatchObject({ code: expected, transient })
  })

  it('says that another web server does not speak S3', async () => {
    await using proxy = await startFaultProxy(server.port)
    proxy.fault = () => ({ kind: 'answer', status: 200, body: '<html>Hello</html>' })
    const storage = openStorage(`s3:${proxy.url}/page`, { env: s3Keys })
    await expect(storage.list('data')).rejects.toMatchObject({ code: 'storage-failed' })
  })

  it('says that nothing listens there', async () => {
    const proxy = await startFaultProxy(server.port)
    await proxy[Symbol.asyncDispose]()
    const listing = openStorage(`s3:${proxy.url}/x`, { env: s3Keys }).list('data')
    const message = `could not list data: 127.0.0.1:${proxy.port} cannot be used: nothing listens there`
    await expect(listing).rejects.toMatchObject({ message, transient: true })
  })
})

describe('parseS3Location', () => {
  const parse = (text: string, env = {}) => parseS3Location(text, env)

  it("knows Amazon's hosts, and puts the bucket in front of them", () => {
    expect(parse('s3:s3.amazonaws.com/shop/a/b')).toMatchObject({
      location: 's3:s3.amazonaws.com/shop/a/b',
      endpoint: undefined,
      bucket: 'shop',
      prefix: 'a/b/',
      region: 'us-east-1',
      bucketInPath: false,
    })
    expect(parse('s3:s3.eu-central-1.amazonaws.com/shop').region).toBe('eu-central-1')
    expect(parse('s3:https://s3.dualstack.eu-west-2.amazonaws.com/shop')).toMatchObject({
      region: 'eu-west-2',
      bucketInPath: false,
    })
    expect(parse('s3:s3.amazonaws.com/shop.example').bucketInPath).toBe(true)
    expect(parse('s3:s3.amazonaws.com/shop', { AWS_DEFAULT_REGION: 'eu-north-1' }).region).toBe('eu-north-1')
  })

  it('leaves the bucket in the path elsewhere', () => {
    expect(parse('s3:http://127.0.0.1:9000/shop//a/')).toMatchObject({
      location: 's3:http://127.0.0.1:9000/shop/a',
      endpoint: 'http://127.0.0.1:9000',
      bucket: 'shop',
      prefix: 'a/',
      bucketInPath: true,
    })
    expect(parse('s3://minio.example:9000/shop')).toMatchObject({ endpoint: 'https://minio.example:9000', prefix: '' })
  })

  it.each([
    's3:',
    's3:host',
    's3:https://host/',
    's3:https://key:s3cret@host/shop',
    's3:host/shop/../x?y',
    's3:http:///x',
  ])('refuses %s, without repeating a secret', text => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'bad-input' }))
    expect(() => parse(text)).not.toThrow('s3cret')
  })
})
