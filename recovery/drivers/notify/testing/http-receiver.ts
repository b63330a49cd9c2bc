import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** What the next request is answered; hang: never, cut: the connection ends instead. */
export type Reply =
  'hang' | 'cut' | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }

/** A server on loopback that notes what it is sent and answers as it is told; the last reply goes on. */
export class HttpReceiver {
  readonly received: Received[] = []
  replies: Reply[] = [{ status: 200, body: 'ok' }]
  readonly #server: http.Server

  private constructor(tls?: { readonly key: Buffer; readonly cert: Buffer }) {
    const answer: http.RequestListener = (request, response) => void this.#answer(request, response)
    this.#server = tls ? https.createServer(tls, answer) : http.createServer(answer)
  }

  static async start(tls?: { readonly key: Buffer; readonly cert: Buffer }): Promise<HttpReceiver> {
    const receiver = new HttpReceiver(tls)
    const listening = Promise.withResolvers<void>()
    receiver.#server.listen(0, '127.0.0.1', listening.resolve)
    await listening.promise
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  url(path = '/'): URL {
    const scheme = this.#server instanceof https.Server ? 'https' : 'http'
    return new URL(path, `${scheme}://127.0.0.1:${this.port}`)
  }

  json(at = -1): unknown {
    return JSON.parse(this.received.at(at)!.body)
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    this.received.push({ method, path: url, headers, body: await text(request) })
    const reply = this.replies.length > 1 ? this.replies.shift()! : this.replies[0]!
    if (reply === 'hang') return
    if (reply === 'cut') return void request.socket.destroy()
    response.writeHead(reply.status, reply.headers).end(reply.body ?? '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>()
    this.#server.close(() => closed.resolve())
    this.#server.closeAllConnections()
    await closed.promise
  }
}
