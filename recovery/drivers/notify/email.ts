import type { SendMailOptions } from 'nodemailer'
import { wholeText, type Channel, type Message } from './channel.ts'
import { cutText, oneLine, plainLines } from './cut-text.ts'
import { DeliveryFailure, networkFailure } from './delivery-failure.ts'

/** A mail server, and who writes to whom. */
export interface MailPlace {
  readonly host: string
  readonly port: number
  readonly tls: 'starttls' | 'always' | 'none'
  readonly login: { readonly user: string; readonly pass: string } | undefined
  readonly from: string
  readonly to: readonly string[]
  /** A certificate to trust besides those that Node trusts. */
  readonly trusted?: Buffer
}

const silenceMs = 10_000
const mostInSubject = 200

/** Mail through an SMTP server. */
export const emailChannel = (name: string, place: MailPlace): Channel => ({
  name,
  type: 'email',
  send: async (message, signal) => {
    const transport = await openTransport(place)
    try {
      const { rejected } = await transport.sendMail({ ...mailOf(message, place), signal })
      if (rejected.length > 0) throw rejection(place, rejected.map(String))
    } catch (error) {
      throw mailFailure(`${place.host}:${place.port}`, error)
    } finally {
      transport.close()
    }
  },
})

async function openTransport({ host, port, tls, login, trusted }: MailPlace) {
  // Loaded with the first mail: most runs send none.
  const { createTransport } = await import('nodemailer')
  const waits = { connectionTimeout: silenceMs, greetingTimeout: silenceMs, socketTimeout: silenceMs }
  return createTransport({
    ...{ host, port, ...waits, dnsTimeout: silenceMs, socketCloseTimeout: 0 },
    secure: tls === 'always',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(login && { auth: login }),
    ...(trusted && { tls: { ca: [trusted] } }),
    // Nothing in a message may make it read a file or a page.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  })
}

/** Headers hold one line each; the text is UTF-8, encoded so that every server carries it. */
export const mailOf = (message: Message, { from, to }: Pick<MailPlace, 'from' | 'to'>): SendMailOptions => ({
  from,
  to: [...to],
  subject: cutText(oneLine(message.title), mostInSubject),
  text: `${plainLines(message.body === '' ? wholeText(message) : message.body)}\n`,
  textEncoding: 'quoted-printable',
  // So that no absence note answers.
  headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
})

const rejection = ({ host }: MailPlace, addresses: readonly string[]) =>
  new DeliveryFailure(`${host}: the server takes no mail for ${addresses.join(', ')}`, {
    hint: 'check the addresses in to',
  })

/** What the mail server or the way to it says. 4xx is a fault that goes away, as SMTP has it; 5xx is none. */
function mailFailure(server: string, cause: unknown): Error {
  if (cause instanceof DeliveryFailure) return cause
  const { code, responseCode, response } = cause as { code?: string; responseCode?: number; response?: string }
  if (code === 'ETLS' && responseCode !== undefined)
    return new DeliveryFailure(`${server}: the mail server does not offer STARTTLS`, {
      hint: 'see whether it wants TLS from the start (tls: always), or is one of this machine that has none (tls: none)',
      cause,
    })
  if (code === 'EAUTH')
    return new DeliveryFailure(`${server}: the mail server does not accept user and password`, {
      hint: 'check user and passwordFrom; some providers want a password made for programs',
      transient: responseCode !== undefined && responseCode < 500,
      cause,
    })
  if (responseCode !== undefined)
    return new DeliveryFailure(`${server}: the mail server says ${oneLine(response ?? String(responseCode))}`, {
      hint: 'check from, to, and what this server relays',
      transient: responseCode < 500,
      cause,
    })
  return networkFailure(server, cause)
}
