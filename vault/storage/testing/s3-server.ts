import path from 'node:path'
import { startServer } from './server-process.ts'

export interface S3Server extends AsyncDisposable {
  readonly port: number
  readonly url: string
}

/** The keys that the server knows. */
export const s3Keys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' }

// It hides where a listing goes on behind DES.
const legacy = '--openssl-legacy-provider'
const program = path.join(import.meta.dirname, 's3-server-process.ts')

/** s3rver, an S3 server from npm, in a process of its own; its clock is wrong by `skewMs`. */
export async function startS3Server(folder: string, skewMs = 0): Promise<S3Server> {
  const server = await startServer(process.execPath, [legacy, program, folder, String(skewMs)], /ready on port (\d+)/)
  const port = Number(server.ready[1])
  return { port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
