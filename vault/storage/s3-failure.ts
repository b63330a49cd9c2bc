import { VaultError } from '../errors.ts'
import { networkFailure } from './network-failure.ts'
import type { S3Place } from './s3-location.ts'

/** What the library's errors carry of a server's answer. */
export interface S3Refusal extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean }
  readonly Region?: string
}

/** The error without the library's request and answer, which hold a signature, a session token, and half of Node. */
export const bareError = (error: unknown): Error => {
  const { name, message, $metadata } = error as S3Refusal
  return Object.assign(new Error(message), { name, ...($metadata && { $metadata }) })
}

export const statusOf = (error: unknown): number | undefined => (error as S3Refusal).$metadata?.httpStatusCode

const fullCodes = new Set([
  'XMinioStorageFull',
  'QuotaExceeded',
  'StorageFull',
  'InsufficientStorage',
  'EntityTooLarge',
])

// What broke on the way or on the server. A wrong digest: what arrived is not what was sent.
const transientCodes = new Set([
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
  'BadDigest',
  'InvalidDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
])
const transientStatuses = new Set([408, 429, 500, 502, 503, 504])

const keyHint = 'see that AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or the profile) are right'
const hints: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: keyHint,
  SignatureDoesNotMatch: keyHint,
  ExpiredToken: 'get a new AWS_SESSION_TOKEN',
  NoSuchBucket: 'check the name of the bucket; init makes one that is missing',
  RequestTimeTooSkewed: 'set the clock of this machine right',
}

/** What kept a request to a bucket from being done, as an error: `what` was to be done. */
export function s3Failure(what: string, { location, host, bucket }: S3Place, error: unknown): VaultError {
  const status = statusOf(error)
  if (error instanceof VaultError) return error
  if (status === undefined) return withoutAnswer(what, host, error as Error)
  const { name, message, Region } = error as S3Refusal
  if (status === 507 || fullCodes.has(name) || /no space left/i.test(message))
    return new VaultError('storage-full', `no space left to ${what} in ${location}`, {
      hint: 'make room there (or raise the quota) and run it again; what was stored so far is kept and used',
      cause: bareError(error),
    })
  const region = Region === undefined ? undefined : `the bucket is in another region: set AWS_DEFAULT_REGION=${Region}`
  const refused =
    status === 401 || status === 403
      ? `let the keys read, write, list and delete in the bucket ${bucket}; if they may, see that they are right`
      : undefined
  return new VaultError(
    'storage-failed',
    `could not ${what} in ${location}: the server says ${status}${wordsOf(error as Error)}`,
    {
      hint: hints[name] ?? region ?? refused ?? 'check the location and the server',
      transient: transientStatuses.has(status) || transientCodes.has(name),
      cause: bareError(error),
    },
  )
}

function withoutAnswer(what: string, host: string, error: Error): VaultError {
  if (error.name === 'CredentialsProviderError')
    return new VaultError('storage-failed', `could not ${what}: there are no keys for ${host}`, {
      hint: 'give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with AWS_PROFILE',
      cause: bareError(error),
    })
  const { code, message, hint, transient } = networkFailure(host, error)
  return new VaultError(code, `could not ${what}: ${message}`, {
    ...(hint && { hint }),
    transient,
    cause: bareError(error),
  })
}

// A HEAD has no words; the library then calls it by its status.
const wordsOf = ({ name, message }: Error): string =>
  /^(?:\d+|Unknown.*|Forbidden|NotFound)$/.test(name)
    ? ''
    : ` ${name}${/^[\x20-\x7e]{1,200}$/.test(message) && message !== name ? ` (${message})` : ''}`
