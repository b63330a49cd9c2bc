import { createHash } from 'node:crypto'
import { cutBytes } from './cut-text.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { post } from './post.ts'

/** What a monitor is told of one run. */
export interface Ping {
  readonly signal: 'start' | 'success' | 'fail' | 'log'
  /** The same for all pings of a run. */
  readonly run: string
  /** For people who look into the monitor. */
  readonly text: string
}

// What a Healthchecks server of one's own keeps; healthchecks.io keeps ten times as much.
const mostBytes = 10_000
const endings = { start: '/start', success: '', fail: '/fail', log: '/log' }

/**
 * Tells a monitor with the ping protocol of healthchecks.io: `URL/start`, `URL`, `URL/fail`, with the run's id as `rid`, which pairs starts
 * and ends. Rejects with a DeliveryFailure, also where the answer is 200 and says that no such check is there.
 */
export async function sendPing(base: URL, { signal: kind, run, text }: Ping, signal: AbortSignal): Promise<void> {
  const url = new URL(base)
  url.pathname = url.pathname.replace(/\/$/, '') + endings[kind]
  url.searchParams.set('rid', runUuid(run))
  const { text: said } = await post({ url, body: cutBytes(text, mostBytes) }, signal)
  if (/not found|rate limited/i.test(said))
    throw new DeliveryFailure(`${url.host}: the ping was not counted (${said.trim().slice(0, 50)})`, {
      hint: said.includes('rate') ? 'it is called too often' : 'check the URL of the ping: there is no such check',
    })
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A run's id as the protocol wants it: itself if it is a UUID, else one made from it. */
export function runUuid(run: string): string {
  if (uuid.test(run)) return run.toLowerCase()
  const hash = createHash('sha256').update(run).digest()
  hash[6] = (hash[6]! & 0x0f) | 0x80
  hash[8] = (hash[8]! & 0x3f) | 0x80
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
