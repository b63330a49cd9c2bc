import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly user: string | undefined
  readonly secure: boolean
  /** As it went over the wire. */
  readonly raw: string
}

/** An SMTP server on loopback that keeps what it is sent, and takes the password `secret` alone. */
export class MailReceiver {
  readonly received: ReceivedMail[] = []
  /** Says to each message what it gives; undefined: takes it. */
  refuse: () => Error | undefined = () => undefined
  readonly #server: SMTPServer

  private constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      logger: false,
      authOptional: true,
      onAuth: ({ username, password }, _, done) =>
        password === 's3cr3t' ? done(null, { user: username! }) : done(new Error('Invalid username or password')),
      onRcptTo: ({ address }, _, done) => done(address.startsWith('nobody') ? new Error('no such user') : null),
      onData: (stream, session, done) =>
        void text(stream).then(raw => {
          const { mailFrom, rcptTo } = session.envelope
          this.received.push({
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            user: session.user as string | undefined,
            secure: session.secure,
            raw,
          })
          done(this.refuse())
        }),
      ...options,
    })
    // A client that does not trust the certificate goes away in the middle.
    this.#server.on('error', () => {})
  }

  static async start(options: SMTPServerOptions = {}): Promise<MailReceiver> {
    const receiver = new MailReceiver(options)
    const listening = Promise.withResolvers<void>()
    receiver.#server.listen(0, '127.0.0.1', listening.resolve)
    await listening.promise
    return receiver
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>()
    this.#server.close(() => closed.resolve())
    await closed.promise
  }
}
