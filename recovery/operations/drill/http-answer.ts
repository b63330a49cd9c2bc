import { RecoveryError } from '../../domain/errors.ts'

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** What a server said, from its first line to the end. Throws verification-failed where it is not HTTP. */
export function parseAnswer(said: string): HttpAnswer {
  const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(said)?.[1]
  const end = /\r?\n\r?\n/.exec(said)
  if (status === undefined || !end)
    throw new RecoveryError(
      'verification-failed',
      said === '' ? 'it said nothing' : 'what it said is no answer of HTTP',
    )
  const head = said.slice(0, end.index)
  const body = said.slice(end.index + end[0].length)
  return { status: Number(status), body: /^transfer-encoding:.*\bchunked\b/im.test(head) ? unchunked(body) : body }
}

/** Some servers answer in chunks although they were asked not to. Lengths are of bytes. */
function unchunked(body: string): string {
  const bytes = Buffer.from(body)
  const pieces: Buffer[] = []
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at)
    const length = end < 0 ? Number.NaN : Number.parseInt(bytes.subarray(at, end).toString(), 16)
    if (!(length > 0)) return Buffer.concat(pieces).toString()
    pieces.push(bytes.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
}
