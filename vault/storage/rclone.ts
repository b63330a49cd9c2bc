import { setImmediate } from 'node:timers/promises'
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import { VaultError } from '../errors.ts'
import { patience, type HttpAnswer, type HttpClient, type HttpPatience, type HttpRequest } from './http-client.ts'
import { networkFailure } from './network-failure.ts'
import { RcloneProcess } from './rclone-process.ts'

interface Session {
  readonly rclone: RcloneProcess
  readonly http: ClientHttp2Session
}

/** HTTP/2 with an rclone of our own, which is started by the first request. */
export class RcloneClient implements HttpClient {
  readonly #remote: string
  readonly #env: NodeJS.ProcessEnv
  readonly #patience: HttpPatience
  readonly #options: readonly string[]
  #session: Session | undefined

  /** `remote` is what rclone calls `remote:path`; `options` are for its command line. */
  constructor(remote: string, env: NodeJS.ProcessEnv, wait: HttpPatience = patience, options: readonly string[] = []) {
    this.#remote = remote
    this.#env = env
    this.#patience = wait
    this.#options = options
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const session = (this.#session ??= this.#start())
    try {
      return await withComplaint(await this.#sendOver(session, request), session.rclone)
    } catch (error) {
      if (!session.http.closed && !session.http.destroyed) throw networkFailure(`rclone ${this.#remote}`, error)
      // rclone knows more than that it hung up.
      await this.#forget(session)
      throw await session.rclone.ended
    }
  }

  async close(): Promise<void> {
    if (this.#session) await this.#forget(this.#session)
  }

  #start(): Session {
    const rclone = new RcloneProcess('rclone', this.#remote, this.#env, this.#options)
    const http = http2.connect('http://localhost', {
      createConnection: () => rclone.wire,
      // Node resets streams once more than this is under way; a few packs at a time are more than its 10 MB.
      maxSessionMemory: sessionMegabytes,
      settings: { initialWindowSize: windowBytes, enablePush: false },
    })
    http.on('error', () => {})
    http.on('connect', () => http.setLocalWindowSize(connectionWindowBytes))
    void rclone.ended.then(() => http.destroy())
    return { rclone, http }
  }

  async #forget(session: Session): Promise<void> {
    if (this.#session === session) this.#session = undefined
    session.http.destroy()
    await session.rclone.end()
  }

  #sendOver({ http }: Session, { method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    const stream = http.request(
      { ':method': method, ':path': path, ...headers, ...(body && { 'content-length': body.length }) },
      { endStream: body === undefined },
    )
    stream.setTimeout(this.#patience.stallMs, () => stream.destroy(stalled()))
    if (body) stream.end(body)
    return answerOf(stream)
  }
}

// Node's own are small: the other side would wait after every 64 KiB for what we have read.
const windowBytes = 4 * 1024 * 1024
const connectionWindowBytes = 16 * 1024 * 1024

const sessionMegabytes = 1000

const stalled = () => Object.assign(new Error('nothing came for too long'), { code: 'ESTALLED' })

function answerOf(stream: ClientHttp2Stream): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let headers: IncomingHttpHeaders & { ':status'?: number } = {}
    const pieces: Buffer[] = []
    const finish = () => {
      const body = Buffer.concat(pieces)
      const status = headers[':status']
      // A stream that is reset in the middle ends like one that is whole.
      if (status === undefined || stream.rstCode !== http2.constants.NGHTTP2_NO_ERROR || isShort(stream, headers, body))
        reject(Object.assign(new Error('the answer broke off'), { code: 'ECONNRESET' }))
      else resolve({ status, headers, body })
      // What is still to be sent is not wanted. (A stream that has said all must end by itself: Node stumbles over the other.)
      if (!stream.writableFinished && !stream.destroyed) stream.destroy()
    }
    stream.on('response', found => (headers = found))
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    stream.on('error', reject)
    stream.on('end', finish)
    stream.on('close', finish)
  })
}

const isShort = (stream: ClientHttp2Stream, headers: IncomingHttpHeaders, body: Buffer): boolean =>
  stream.sentHeaders?.[':method'] !== 'HEAD' &&
  headers['content-length'] !== undefined &&
  Number(headers['content-length']) !== body.length

// rclone tells what went wrong on its standard error, before it answers that something did.
async function withComplaint(answer: HttpAnswer, rclone: RcloneProcess): Promise<HttpAnswer> {
  if (answer.status < 500) return answer
  await setImmediate()
  const complaint = rclone.takeComplaint()
  return complaint === undefined ? answer : { ...answer, body: Buffer.from(complaint) }
}

/** What rclone is told to serve: the part after `rclone:`. Rejects with bad-input. */
export function parseRcloneLocation(text: string): string {
  const remote = text.slice('rclone:'.length)
  if (/^[^\0]+$/.test(remote)) return remote
  throw new VaultError('bad-input', 'this is no location for rclone', {
    hint: 'write it as rclone:remote:path, with a remote that `rclone listremotes` shows',
  })
}
