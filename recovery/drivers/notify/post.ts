import { DeliveryFailure, networkFailure } from './delivery-failure.ts'

/** What is sent, and where; the URL can be a secret. */
export interface Post {
  readonly url: URL
  /** An object goes as JSON, a text as it is. */
  readonly body: object | string
  /** A bearer token. */
  readonly token?: string | undefined
}

export interface Answer {
  readonly status: number
  /** Its first 4 KB: no service says more than that of a message. */
  readonly text: string
}

const mostOfAnswer = 4096
const program = 'AIDataVault'

/**
 * Sends one POST and gives the answer of a server that took it. Rejects with a DeliveryFailure otherwise: the statuses of a server
 * that is busy or broken may go away, and what it says of when (`Retry-After`, `retry_after`) goes along.
 */
export async function post({ url, body, token }: Post, signal: AbortSignal): Promise<Answer> {
  const server = url.host
  try {
    const response = await fetch(url, {
      method: 'POST',
      // A redirected POST would become a GET, or carry the message to another place.
      redirect: 'manual',
      headers: {
        'user-agent': program,
        'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal,
    })
    const answer = { status: response.status, text: await beginning(response) }
    if (response.ok) return answer
    throw refusal(server, answer, response.headers.get('retry-after'))
  } catch (error) {
    if (error instanceof DeliveryFailure) throw error
    throw networkFailure(server, error)
  }
}

async function beginning(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    pieces.push(piece)
    length += piece.length
    if (length >= mostOfAnswer) break
  }
  return Buffer.concat(pieces).subarray(0, mostOfAnswer).toString()
}

const isTransient = (status: number) => [408, 425, 429].includes(status) || status >= 500

function refusal(server: string, { status, text }: Answer, retryAfter: string | null): DeliveryFailure {
  const said = saidBy(text)
  const what = status >= 300 && status < 400 ? 'it wants to be called at another place' : `it says ${status}`
  return new DeliveryFailure(`${server}: ${what}${said && ` (${said})`}`, {
    hint: hintOf(status),
    transient: isTransient(status),
    retryAfterMs: status === 429 || status === 503 ? (waitInBody(text) ?? waitInHeader(retryAfter)) : undefined,
  })
}

function hintOf(status: number): string {
  if (status === 429) return 'it was told too much in a short time; wait, then try: aidatavault notify test'
  if (status === 401 || status === 403) return 'check the token, and what it may do'
  if (status === 404 || status === 410) return 'check the URL; it may have been taken away in the service'
  if (status >= 500) return 'see whether the service has a fault now, then try: aidatavault notify test'
  return 'check the settings of the channel, then try: aidatavault notify test'
}

/** Telegram and Discord say it in their JSON, Discord to the millisecond; in seconds. */
function waitInBody(text: string): number | undefined {
  const { retry_after, parameters } = (parseJson(text) ?? {}) as Record<string, unknown>
  const seconds = retry_after ?? (parameters as Record<string, unknown> | undefined)?.['retry_after']
  return typeof seconds === 'number' && seconds >= 0 ? Math.ceil(seconds * 1000) : undefined
}

/** Seconds, or a date. */
function waitInHeader(value: string | null): number | undefined {
  if (value === null) return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1000)
  const until = Date.parse(value)
  return Number.isNaN(until) ? undefined : Math.max(0, until - Date.now())
}

/** What the server says of it: Telegram's, Discord's and ntfy's JSON, Slack's word; not a page of HTML. */
function saidBy(text: string): string {
  const { description, message, error } = (parseJson(text) ?? {}) as Record<string, unknown>
  const said = [description, message, error].find(value => typeof value === 'string') ?? text
  const [line = ''] = String(said).trim().split('\n')
  return /^[<{[]/.test(line) ? '' : line.replaceAll(/\p{C}/gu, ' ').slice(0, 200)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
