import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ProjectPlace } from '../routine/project-folder.ts'
import { metricsText } from './metrics-text.ts'

// Importing it as a module loads all of fetch.
const { createServer } = process.getBuiltinModule('node:http')

const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Answers GET /metrics at HOST:PORT until the run is stopped; resolves with where it listens. Rejects with bad-input where it cannot. */
export async function serveMetrics(place: ProjectPlace, listen: string, run: Run): Promise<string> {
  const colon = listen.lastIndexOf(':')
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, '')
  const server = createServer((request, response) => void answer(place, request, response, run))
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(Number(listen.slice(colon + 1)), host, listening.resolve)
  await listening.promise.catch((error: NodeJS.ErrnoException) => {
    throw new RecoveryError('bad-input', `metrics cannot be served at ${listen}: ${error.code ?? error.message}`, {
      hint: 'name another address or port in metrics.listen',
      cause: error,
    })
  })
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  if (run.signal.aborted) close()
  run.signal.addEventListener('abort', close, { once: true })
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`
}

async function answer(
  place: ProjectPlace,
  { method, url = '' }: http.IncomingMessage,
  response: http.ServerResponse,
  { clock }: Run,
): Promise<void> {
  const say = (status: number, text: string, headers = {}) =>
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(text)
  if (method !== 'GET' && method !== 'HEAD') return void say(405, 'GET /metrics\n', { allow: 'GET, HEAD' })
  if (url.split('?')[0] !== '/metrics') return void say(404, 'GET /metrics\n')
  try {
    say(200, await metricsText(place, clock.now()), { 'content-type': contentType })
  } catch (error) {
    say(500, `${messageOf(error)}\n`)
  }
}
