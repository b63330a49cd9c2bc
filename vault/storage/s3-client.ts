import type { S3Client } from '@aws-sdk/client-s3'
import type { HttpPatience } from './http-client.ts'
import type { S3Place } from './s3-location.ts'
import { TlsFiles } from './tls-files.ts'

/** The library, which is loaded when a bucket is used for the first time: it takes a fifth of a second. */
export type S3Library = typeof import('@aws-sdk/client-s3')
export const loadS3Library = (): Promise<S3Library> => import('@aws-sdk/client-s3')

/**
 * A client for one place. It makes every request once, so that whoever uses the storage decides on the next attempt, and
 * asks for no checksums that servers other than Amazon's do not know: MD5 and signature guard every upload.
 */
export async function newS3Client(
  library: S3Library,
  { endpoint, bucketInPath }: S3Place,
  region: string,
  env: NodeJS.ProcessEnv,
  { connectMs, stallMs }: HttpPatience,
): Promise<S3Client> {
  const tls = await new TlsFiles(env).read()
  const credentials = keysOf(env)
  return new library.S3Client({
    region,
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: bucketInPath,
    followRegionRedirects: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: stallMs,
      httpAgent: { keepAlive: true },
      httpsAgent: { keepAlive: true, ...tls },
    },
    ...(credentials && { credentials }),
    ...(env['AWS_PROFILE'] && { profile: env['AWS_PROFILE'] }),
  })
}

// Without keys in the environment the library looks where it always does: profile, shared files, the machine's own role.
function keysOf(env: NodeJS.ProcessEnv) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env
  return id && secret ? { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) } : undefined
}
