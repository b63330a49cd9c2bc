import { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import type { Throttles } from './throttle.ts'

/**
 * The client, whose bodies go and come no faster than the throttles let them. A request is signed by then, so that its
 * bytes may as well be sent piece by piece.
 */
export function throttled(client: S3Client, { upload, download }: Throttles): S3Client {
  if (!upload && !download) return client
  const handler = client.config.requestHandler
  const handle = handler.handle.bind(handler)
  handler.handle = async (request, options) => {
    const { body } = request as { body?: unknown }
    if (upload && body instanceof Uint8Array) request.body = Readable.from(upload.pieces(body), { objectMode: false })
    const answer = await handle(request, options)
    const { response } = answer as { response: { body?: unknown } }
    if (download && response.body instanceof Readable)
      response.body = Readable.from(download.slowly(response.body), { objectMode: false })
    return answer
  }
  return client
}
