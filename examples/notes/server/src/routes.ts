import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Failure } from './failure.ts'
import type { Files } from './files.ts'
import type { Notes } from './notes.ts'
import type { Settings } from './settings.ts'
import { isSame, issueToken, isValidToken } from './tokens.ts'

const maxNoteBytes = 64 * 1024

/** Answers one request:
 *
 *     GET  /health                  200 while the database answers
 *     GET  /notes, /files           all notes; the names of all files
 *     GET  /files/NAME              the file's bytes
 *     POST /notes {"text": "…"}     a new note
 *     POST /files/NAME              a new file, or a new content of one
 *     POST /tokens                  a token for an hour of writing
 *
 * A POST needs the header `x-api-key: API_KEY`, or `authorization: Bearer TOKEN`.
 */
export function createRoutes(notes: Notes, files: Files, settings: Settings) {
  function demandWriter(request: IncomingMessage): void {
    const { 'x-api-key': key, authorization = '' } = request.headers
    if (typeof key === 'string' && isSame(key, settings.apiKey)) return
    if (isValidToken(authorization.replace(/^Bearer /, ''), settings.jwtSecret, Date.now())) return
    throw new Failure(401, 'writing needs the header x-api-key, or a token')
  }

  async function sendFile(name: string, response: ServerResponse): Promise<void> {
    const { sizeBytes, bytes } = await files.open(name)
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': sizeBytes })
    await pipeline(bytes, response)
  }

  async function read(path: string, response: ServerResponse): Promise<void> {
    if (path === '/health') return sendJson(response, (await notes.answers()) ? 200 : 503, {})
    if (path === '/notes') return sendJson(response, 200, await notes.list())
    if (path === '/files') return sendJson(response, 200, await files.list())
    if (path.startsWith('/files/')) return sendFile(fileName(path), response)
    throw new Failure(404, 'there is nothing here')
  }

  async function write(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    demandWriter(request)
    if (path === '/tokens') return sendJson(response, 201, { token: issueToken(settings.jwtSecret, Date.now()) })
    if (path === '/notes') return sendJson(response, 201, await notes.add(await readNote(request)))
    if (!path.startsWith('/files/')) throw new Failure(404, 'there is nothing here')
    await files.save(fileName(path), request)
    sendJson(response, 201, { name: fileName(path) })
  }

  return async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (request.method === 'GET') return read(path, response)
    if (request.method === 'POST') return write(path, request, response)
    throw new Failure(405, 'GET and POST are understood')
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

function fileName(path: string): string {
  try {
    return decodeURIComponent(path.slice('/files/'.length))
  } catch {
    throw new Failure(400, 'the file name is not properly encoded')
  }
}

async function readNote(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    sizeBytes += piece.length
    if (sizeBytes > maxNoteBytes) throw new Failure(413, `a note has at most ${maxNoteBytes} bytes`)
    pieces.push(piece)
  }
  return parseNote(Buffer.concat(pieces).toString())
}

function parseNote(json: string): string {
  try {
    const body: unknown = JSON.parse(json)
    if (body && typeof body === 'object' && 'text' in body && typeof body.text === 'string') return body.text
  } catch {
    // Told below.
  }
  throw new Failure(400, 'a note is sent as {"text": "…"}')
}
