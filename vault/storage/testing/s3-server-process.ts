import { rename } from 'node:fs/promises'
import { createRequire } from 'node:module'

// node s3-server-process.ts FOLDER [SKEW-MS]: an S3 server on a free port of loopback, its clock wrong by so much.

interface S3Server {
  readonly store: { putContent(path: string, content: unknown): Promise<unknown> }
  run(): Promise<{ readonly port: number }>
}
interface Canonical {
  readonly uri: string
}
interface Signature {
  getStringToSign(canonical: Canonical, request: unknown): string
}
type S3rver = new (options: Record<string, unknown>) => S3Server

const [directory, skewMs = '0'] = process.argv.slice(2)
const RealDate = Date
if (skewMs !== '0')
  globalThis.Date = class extends RealDate {
    constructor(...parts: []) {
      if (parts.length === 0) super(RealDate.now() + Number(skewMs))
      else super(...parts)
    }
  } as DateConstructor

const require = createRequire(import.meta.url)

// Clients sign the path of a bucket as they send it, with a slash at its end, which S3 takes as it is and s3rver cuts off.
const signature = require('@20minutes/s3rver/lib/signature/v4') as Signature
const { getStringToSign } = signature
signature.getStringToSign = (canonical, request) =>
  getStringToSign({ ...canonical, uri: canonical.uri.replace(/^\/[^/]+$/, '$&/') }, request)

const S3rver = require('@20minutes/s3rver') as S3rver
const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory, vhostBuckets: false })

// As S3 has it: an object is there whole or not at all.
const { store } = server
const putContent = store.putContent.bind(store)
store.putContent = async (path, content) => {
  const unfinished = `${path}.${process.hrtime.bigint()}`
  const outcome = await putContent(unfinished, content)
  await rename(unfinished, path)
  return outcome
}
console.log(`ready on port ${(await server.run()).port}`)
