import { messageOf, RecoveryError } from '../../domain/errors.ts'

interface FailureDetails {
  readonly hint: string
  /** Another try may help. */
  readonly transient?: boolean
  /** The service says when. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** A message that did not arrive. Its sentence names the server, and never a path, token or password. */
export class DeliveryFailure extends RecoveryError {
  readonly transient: boolean
  readonly retryAfterMs: number | undefined

  constructor(message: string, { hint, transient = false, retryAfterMs, cause }: FailureDetails) {
    super('notification-failed', message, { hint, cause })
    this.transient = transient
    this.retryAfterMs = retryAfterMs
  }
}

interface Explanation {
  readonly when: RegExp
  readonly what: string
  readonly hint: string
  readonly transient: boolean
}

const explanations: readonly Explanation[] = [
  { when: /^ENOTFOUND$/, what: 'there is no host of that name', hint: 'check the name of the host', transient: false },
  {
    when: /^EAI_|^EDNS$/,
    what: 'its name cannot be looked up now',
    hint: 'check the network and its DNS server',
    transient: true,
  },
  {
    when: /^ECONNREFUSED$/,
    what: 'nothing listens there',
    hint: 'see that the server runs, and that host and port are right',
    transient: true,
  },
  { when: /^E(HOST|NET)(UNREACH|DOWN)$/, what: 'it cannot be reached', hint: 'check the network', transient: true },
  {
    when: /^(ETIMEDOUT|TimeoutError|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/,
    what: 'it does not answer',
    hint: 'check the network and the server',
    transient: true,
  },
  {
    when: /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_MISMATCH)/,
    what: 'its certificate is not trusted',
    hint: 'if it has a certificate authority of its own, name the file of that in NODE_EXTRA_CA_CERTS; else check host and port',
    transient: false,
  },
  {
    when: /^(EPROTO|ETLS|ERR_SSL_)/,
    what: 'no TLS connection can be made',
    hint: 'see whether the server speaks TLS on this port',
    transient: false,
  },
  {
    when: /^(ECONNRESET|EPIPE|ECONNABORTED|ECONNECTION|UND_ERR_SOCKET)$/,
    what: 'the connection was cut',
    hint: 'check the network and the server',
    transient: true,
  },
  {
    when: /^(HPE_|EPROTOCOL)/,
    what: 'what answers there speaks another protocol',
    hint: 'check host and port',
    transient: false,
  },
]

/** Why no answer came, for people. What is not known is taken for a fault that may go away. */
export function networkFailure(server: string, cause: unknown): DeliveryFailure {
  for (const code of codesOf(cause)) {
    const known = explanations.find(({ when }) => when.test(code))
    if (known) return new DeliveryFailure(`${server}: ${known.what}`, { ...known, cause })
  }
  const hint = 'check the network and the server'
  return new DeliveryFailure(`${server}: ${messageOf(cause)}`, { hint, transient: true, cause })
}

/** The codes of an error and of what caused it, the innermost first: `fetch` says what happened only there. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error.cause
  // nodemailer puts a code of its own over that of the system.
  const { originalCode, code } = error as { originalCode?: unknown; code?: unknown }
  const own = [originalCode, code].filter(each => typeof each === 'string')
  return [...codesOf(inner), ...own, error.name]
}
