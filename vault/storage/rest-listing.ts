import type { HttpAnswer } from './http-client.ts'
import { noRestServer, type RestErrand } from './rest-answer.ts'

/** The content type of a list with sizes. */
export const version2 = 'application/vnd.x.restic.rest.v2'

export interface ListedFile {
  readonly name: string
  readonly size?: number
}

/** Names, with sizes from servers of the second version. Rejects with storage-failed what no such server says. */
export function parseListing({ body }: HttpAnswer, errand: RestErrand): readonly ListedFile[] {
  const listed = parseJson(body, errand)
  // A Go program's empty list.
  if (listed === null) return []
  if (!Array.isArray(listed)) throw noRestServer(errand)
  return listed.map((item: unknown) => {
    if (typeof item === 'string') return { name: item }
    const { name, size } = (item ?? {}) as Record<string, unknown>
    if (typeof name !== 'string' || !Number.isSafeInteger(size)) throw noRestServer(errand)
    return { name, size: size as number }
  })
}

function parseJson(body: Buffer, errand: RestErrand): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw noRestServer(errand, error)
  }
}
