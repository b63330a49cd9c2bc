import { isErrno } from './durable.ts'
import { VaultError } from '../errors.ts'

interface Explanation {
  readonly what: string
  readonly hint: string
  readonly transient: boolean
}

const explanations: readonly (readonly [readonly string[], Explanation])[] = [
  [
    ['ENOTFOUND'],
    {
      what: 'there is no host of that name',
      hint: 'check the name in the location, and the network',
      transient: false,
    },
  ],
  [
    ['EAI_AGAIN'],
    { what: 'its name cannot be looked up now', hint: 'check the network and its DNS server', transient: true },
  ],
  [
    ['ECONNREFUSED'],
    {
      what: 'nothing listens there',
      hint: 'see that the server runs, and that host and port are right',
      transient: true,
    },
  ],
  [
    ['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EHOSTDOWN'],
    { what: 'it cannot be reached', hint: 'check the network', transient: true },
  ],
  [
    ['ETIMEDOUT', 'ESTALLED', 'TimeoutError'],
    { what: 'it does not answer', hint: 'check the network and the server', transient: true },
  ],
  [
    [
      'ECONNRESET',
      'EPIPE',
      'ECONNABORTED',
      'ERR_STREAM_PREMATURE_CLOSE',
      'ERR_HTTP2_STREAM_ERROR',
      'ERR_HTTP2_STREAM_CANCEL',
      'ERR_HTTP2_INVALID_SESSION',
      'ERR_HTTP2_GOAWAY_SESSION',
      'ERR_HTTP2_SESSION_ERROR',
    ],
    { what: 'the connection was cut', hint: 'check the network and the server', transient: true },
  ],
  [
    ['ENOENT', 'EACCES', 'ENOTSOCK'],
    {
      what: 'its socket cannot be opened',
      hint: 'see that the server runs and its socket lies there',
      transient: false,
    },
  ],
]

const namesOf = (error: unknown): string => {
  const { code, name } = error as NodeJS.ErrnoException
  return code ?? name
}

const explain = (error: unknown): Explanation | undefined => {
  if (isCertificate(error))
    return {
      what: `its certificate cannot be trusted (${messageOf(error)})`,
      hint: 'if the server has a certificate authority of its own, name its file in RESTIC_CACERT',
      transient: false,
    }
  if (/^(?:EPROTO|ERR_SSL_)/.test(namesOf(error)))
    return {
      what: `no TLS connection can be made (${messageOf(error)})`,
      hint: 'see whether the server speaks http:// rather than https:// on this port',
      transient: false,
    }
  if (namesOf(error).startsWith('HPE_'))
    return {
      what: 'what answers there does not speak HTTP',
      hint: 'check the port, and whether the server wants https://',
      transient: false,
    }
  return explanations.find(([codes]) => isErrno(error, ...codes) || codes.includes(namesOf(error)))?.[1]
}

// OpenSSL's words for what is wrong with a certificate.
const isCertificate = (error: unknown): boolean =>
  /^(?:ERR_TLS_CERT|CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|HOSTNAME_MISMATCH)/.test(
    namesOf(error),
  )

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * Why no answer came from a server, as an error for people: `server` names it, without credentials. What is neither the
 * network's fault nor known is taken for transient.
 */
export function networkFailure(server: string, cause: unknown): VaultError {
  if (cause instanceof VaultError) return cause
  const { what, hint, transient } = explain(cause) ?? {
    what: messageOf(cause),
    hint: 'check the network and the server',
    transient: true,
  }
  return new VaultError('storage-failed', `${server} cannot be used: ${what}`, { hint, transient, cause })
}
