import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** What goes wrong with one request. Bytes are counted in bodies. */
export type HttpFault =
  /** Answered here; the server hears nothing of it. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body?: string
      readonly headers?: http.OutgoingHttpHeaders
    }
  /** The server gets so much of the request, then both connections are cut. */
  | { readonly kind: 'cut-request'; readonly afterBytes: number }
  /** The server does what was asked, and the connection is cut in place of its answer. */
  | { readonly kind: 'lose-answer' }
  /** The answer's head says the true length, then the connection is cut. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  /** A shorter answer that looks whole. */
  | { readonly kind: 'shorten-answer'; readonly toBytes: number }
  /** The answer stops coming, and the connection stays. */
  | { readonly kind: 'stall-answer'; readonly afterBytes: number }
  /** The server never hears of it, and the connection stays. */
  | { readonly kind: 'stall-request' }
  /** The answer comes whole, a little at a time. */
  | { readonly kind: 'trickle'; readonly bytes: number; readonly everyMs: number }

export interface ProxiedRequest {
  readonly method: string
  readonly url: string
}

export interface FaultProxy extends AsyncDisposable {
  readonly port: number
  readonly url: string
  /** Asked for every request; undefined lets it through. */
  fault: (request: ProxiedRequest) => HttpFault | undefined
  /** All requests so far. */
  readonly requests: readonly ProxiedRequest[]
}

/** Stands between a client and an HTTP server on loopback, and lets everything through until `fault` says otherwise. */
export async function startFaultProxy(serverPort: number): Promise<FaultProxy> {
  const requests: ProxiedRequest[] = []
  const server = http.createServer({ keepAlive: true }, (request, response) => {
    const seen = { method: request.method!, url: request.url! }
    requests.push(seen)
    const { socket } = request
    pass(request, response, serverPort, proxy.fault(seen)).catch(() => socket.destroy())
  })
  // Whether the body is wanted is for the server to say.
  server.on('checkContinue', (request, response) => server.emit('request', request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const proxy: FaultProxy = {
    port,
    url: `http://127.0.0.1:${port}`,
    fault: () => undefined,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

/** The fault, for the first `times` requests that `matches` accepts. */
export function firstTimes(
  times: number,
  matches: (request: ProxiedRequest) => boolean,
  fault: HttpFault,
): FaultProxy['fault'] {
  let left = times
  return request => (left > 0 && matches(request) && left-- > 0 ? fault : undefined)
}

async function pass(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  port: number,
  fault: HttpFault | undefined,
): Promise<void> {
  const { socket } = request
  if (fault?.kind === 'stall-request') return
  if (fault?.kind === 'answer') return answerHere(request, response, fault)
  const onward = http.request({
    host: '127.0.0.1',
    port,
    method: request.method,
    path: request.url,
    headers: request.headers,
    agent: false,
  })
  onward.on('error', () => socket.destroy())
  response.on('close', () => onward.destroy())
  onward.on('continue', () => response.writeContinue())
  const answered = once(onward, 'response') as Promise<[http.IncomingMessage]>
  answered.catch(() => {})
  if (fault?.kind === 'cut-request') return cutRequest(request, onward, fault.afterBytes)
  if (request.headers.expect) onward.flushHeaders()
  request.pipe(onward)
  const [answer] = await answered
  if (fault?.kind === 'lose-answer') return void answer.resume().on('end', () => socket.destroy())
  await giveAnswer(answer, response, fault)
}

async function answerHere(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { status, body = '', headers = {} }: HttpFault & { kind: 'answer' },
): Promise<void> {
  if (!request.headers.expect) await finished(request.resume())
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function cutRequest(
  request: http.IncomingMessage,
  onward: http.ClientRequest,
  afterBytes: number,
): Promise<void> {
  const { socket } = request
  if (request.headers.expect) {
    onward.flushHeaders()
    await once(onward, 'continue')
  }
  let passed = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    const left = piece.subarray(0, afterBytes - passed)
    passed += left.length
    if (left.length > 0 && !onward.write(left)) await once(onward, 'drain')
    if (passed >= afterBytes) break
  }
  // What was sent on shall reach the server before the cut.
  await new Promise<void>(resolve => void onward.write('', () => resolve()))
  onward.destroy()
  socket.destroy()
}

async function giveAnswer(answer: http.IncomingMessage, response: http.ServerResponse, fault: HttpFault | undefined) {
  if (!fault) {
    response.writeHead(answer.statusCode!, answer.headers)
    return void answer.pipe(response)
  }
  const pieces: Buffer[] = []
  for await (const piece of answer) pieces.push(piece as Buffer)
  const body = Buffer.concat(pieces)
  const { 'transfer-encoding': _, ...headers } = answer.headers
  const length = fault.kind === 'shorten-answer' ? Math.min(fault.toBytes, body.length) : body.length
  response.writeHead(answer.statusCode!, { ...headers, 'content-length': length })
  if (fault.kind === 'shorten-answer') return void response.end(body.subarray(0, length))
  if (fault.kind === 'trickle') return trickle(body, response, fault)
  const sent = 'afterBytes' in fault ? body.subarray(0, fault.afterBytes) : body
  response.flushHeaders()
  await new Promise<void>(resolve => void response.write(sent.length > 0 ? sent : '', () => resolve()))
  if (fault.kind === 'cut-answer') response.socket?.destroy()
}

async function trickle(body: Buffer, response: http.ServerResponse, fault: HttpFault & { kind: 'trickle' }) {
  for (let at = 0; at < body.length; at += fault.bytes) {
    response.write(body.subarray(at, at + fault.bytes))
    await delay(fault.everyMs)
  }
  response.end()
}
