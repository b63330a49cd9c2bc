import { VaultError } from '../errors.ts'

/** A vault in a bucket. */
export interface S3Place {
  /** As it was given, without what does not matter. */
  readonly location: string
  /** `https://host:port`; undefined where the library knows Amazon's own by the region. */
  readonly endpoint: string | undefined
  /** For people. */
  readonly host: string
  readonly bucket: string
  /** Before every key: empty, or ending in a slash. */
  readonly prefix: string
  readonly region: string
  /** The bucket in the path of a URL rather than in front of the host, as restic chooses by itself. */
  readonly bucketInPath: boolean
  readonly isAmazon: boolean
}

/**
 * Reads restic's spelling: `s3:s3.amazonaws.com/bucket/prefix`, `s3:https://host:port/bucket/prefix`, `s3:http://…`.
 * Rejects with bad-input, without repeating what may be a secret.
 */
export function parseS3Location(text: string, env: NodeJS.ProcessEnv): S3Place {
  const rest = text.slice('s3:'.length)
  const url = parseUrl(/^https?:\/\//.test(rest) ? rest : `https://${rest.replace(/^\/\//, '')}`)
  const [bucket = '', ...names] = url.pathname
    .split('/')
    .filter(name => name !== '')
    .map(decodeURIComponent)
  if (bucket === '' || names.some(name => name === '.' || name === '..')) throw notALocation()
  const isAmazon = /(?:^|\.)amazonaws\.com(?:\.cn)?$/.test(url.hostname)
  const ofHost = isAmazon ? amazonRegion(url.hostname) : undefined
  const isPlainAmazon = /^s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com$/.test(url.host) && url.protocol === 'https:'
  return {
    location: `s3:${url.protocol === 'https:' && !rest.startsWith('https:') ? '' : `${url.protocol}//`}${[url.host, bucket, ...names].join('/')}`,
    endpoint: isPlainAmazon ? undefined : url.origin,
    host: url.host,
    bucket,
    prefix: names.map(name => `${name}/`).join(''),
    region: env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || ofHost || 'us-east-1',
    bucketInPath: !isVirtual(url, bucket, isAmazon),
    isAmazon,
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.username !== '' || url.password !== ''))
    throw new VaultError('bad-input', 'a location of the kind s3: holds no keys', {
      hint: 'give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with AWS_PROFILE',
    })
  if (!url || url.hostname === '' || url.search !== '' || url.hash !== '') throw notALocation()
  return url
}

const notALocation = () =>
  new VaultError('bad-input', 'this is no location of a bucket', {
    hint: 'write it as s3:s3.amazonaws.com/bucket/path or s3:https://host:port/bucket/path',
  })

const amazonRegion = (host: string): string | undefined =>
  /(?:^|\.)s3[.-](?:dualstack\.|fips[.-])?([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/.exec(host)?.[1]

// Those that restic's library takes for able to. A dot in the bucket's name would not fit their certificates.
function isVirtual({ protocol, hostname }: URL, bucket: string, isAmazon: boolean): boolean {
  if (protocol === 'https:' && bucket.includes('.')) return false
  return isAmazon || hostname === 'storage.googleapis.com' || /\.aliyuncs\.com$/.test(hostname)
}
