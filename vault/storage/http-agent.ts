import { pipeline } from 'node:stream/promises'
import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import { patience, type HttpAnswer, type HttpClient, type HttpPatience, type HttpRequest } from './http-client.ts'
import { networkFailure } from './network-failure.ts'
import type { Throttle, Throttles } from './throttle.ts'
import type { TlsFiles } from './tls-files.ts'

// Imported, they would load all that Node has for HTTP, fetch and all, in every command: a tenth of the shortest ones' time.
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

/** A server that is reached by HTTP/1.1. */
export interface HttpServer {
  /** For people, without credentials. */
  readonly name: string
  readonly secure: boolean
  readonly host: string
  readonly port: number | undefined
  /** Instead of host and port: a socket of this machine. */
  readonly socketPath?: string
  /** `user:password` */
  readonly auth?: string
  readonly tls: TlsFiles
}

// A server that refuses what it is sent answers before it has read it, and hangs up on what is still coming (Go's does
// after 256 KiB), so that its answer may be lost. Larger bodies wait until the server wants them.
const expectBytes = 128 * 1024
const expectMs = 1000

/** HTTP/1.1 through Node's own client: connections are kept and reused, as many as there are requests at once. */
export class HttpAgentClient implements HttpClient {
  readonly #server: HttpServer
  readonly #patience: HttpPatience
  readonly #throttles: Throttles
  #agent: Agent | undefined

  constructor(server: HttpServer, wait: HttpPatience = patience, throttles: Throttles = {}) {
    this.#server = server
    this.#patience = wait
    this.#throttles = throttles
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    try {
      const agent = (this.#agent ??= await this.#newAgent())
      return await this.#sendOnce(request, agent).catch((error: unknown) => {
        // The server had closed a kept connection, which nobody could know.
        if (!(error instanceof StaleConnection)) throw error
        return this.#sendOnce(request, agent)
      })
    } catch (error) {
      throw networkFailure(this.#server.name, error instanceof StaleConnection ? error.cause : error)
    }
  }

  async close(): Promise<void> {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  async #newAgent(): Promise<Agent> {
    if (!this.#server.secure) return new http.Agent({ keepAlive: true })
    return new https.Agent({ keepAlive: true, ...(await this.#server.tls.read()) })
  }

  #sendOnce({ method, path, headers, body }: HttpRequest, agent: Agent): Promise<HttpAnswer> {
    const { secure, host, port, socketPath, auth } = this.#server
    const expects = body !== undefined && body.length > expectBytes
    const sent = (secure ? https : http).request({
      agent,
      method,
      path,
      timeout: this.#patience.stallMs,
      ...(socketPath === undefined ? { host, port } : { socketPath, setHost: false }),
      ...(auth === undefined ? {} : { auth }),
      headers: {
        ...(socketPath === undefined ? {} : { host: 'localhost' }),
        ...headers,
        ...(body ? { 'content-length': body.length } : {}),
        ...(expects ? { expect: '100-continue' } : {}),
      },
    })
    sent.on('timeout', () => sent.destroy(stalled()))
    sent.on('socket', socket => giveUpConnecting(socket, this.#patience.connectMs))
    const { upload, download } = this.#throttles
    const answer = answerTo(sent, download)
    const send = () => (body && upload ? sendSlowly(sent, body, upload) : void sent.end(body))
    if (expects) sendWhenWanted(sent, send)
    else send()
    return answer
  }
}

/** A kept connection that turned out to be closed. */
class StaleConnection extends Error {}

const stalled = () => Object.assign(new Error('nothing came for too long'), { code: 'ESTALLED' })

function giveUpConnecting(socket: import('node:net').Socket, ms: number): void {
  if (!socket.connecting) return
  const timer = setTimeout(() => socket.destroy(stalled()), ms)
  const clear = () => clearTimeout(timer)
  socket.once('secureConnect', clear).once('connect', clear).once('close', clear)
}

/** What goes wrong with the request itself is told by the request. */
function sendSlowly(sent: ClientRequest, body: Uint8Array, upload: Throttle): void {
  pipeline(upload.pieces(body), sent).catch(() => {})
}

function sendWhenWanted(sent: ClientRequest, send: () => void): void {
  // Some servers do not know the question.
  const timer = setTimeout(send, expectMs)
  const clear = () => clearTimeout(timer)
  sent.once('continue', () => {
    clear()
    send()
  })
  sent.once('response', clear)
  sent.once('close', clear)
  sent.flushHeaders()
}

function answerTo(sent: ClientRequest, download: Throttle | undefined): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let answered = false
    sent.once('response', response => {
      answered = true
      collect(response, download)
        .then(resolve, reject)
        .finally(() => {
          // What the server did not want is not sent.
          if (!sent.writableEnded) sent.destroy()
        })
    })
    sent.on('error', error => {
      if (answered) return
      reject(isStale(sent, error) ? new StaleConnection(error.message, { cause: error }) : error)
    })
  })
}

const isStale = (sent: ClientRequest, error: NodeJS.ErrnoException) =>
  sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')

async function collect(response: IncomingMessage, download: Throttle | undefined): Promise<HttpAnswer> {
  const pieces: Uint8Array[] = []
  const body = response as AsyncIterable<Buffer>
  for await (const piece of download ? download.slowly(body) : body) pieces.push(piece)
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) }
}
