import { VaultError } from '../errors.ts'

/** A server's answer to a question for a range of bytes. */
export interface RangeAnswer {
  readonly status: number
  readonly body: Buffer
  /** Its Content-Range. */
  readonly range: string | undefined
}

/**
 * The bytes asked for. Where the file ends before them that is vault-damaged; an answer that is shorter although the file
 * is not, or that begins elsewhere, is a transient failure. A server that gives more than that is fine.
 */
export function partOf({ status, body, range }: RangeAnswer, offset: number, length: number, file: string): Buffer {
  if (status === 416) throw endsEarly(file, offset + length)
  if (status === 200) {
    const part = body.subarray(offset, offset + length)
    // Of a file that is too short nobody can tell here whether it was cut on the way; loading it whole will tell.
    if (part.length < length) throw endsEarly(file, offset + length)
    return part
  }
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range ?? '') ?? []
  if (start !== undefined && Number(start) !== offset) throw wrongPart(file)
  if (body.length >= length) return body.subarray(0, length)
  throw total !== undefined && Number(total) < offset + length ? endsEarly(file, offset + length) : wrongPart(file)
}

const endsEarly = (file: string, end: number) => new VaultError('vault-damaged', `${file} ends before byte ${end}`)

const wrongPart = (file: string) =>
  new VaultError('storage-failed', `could not read ${file}: another part came than was asked for`, {
    hint: 'something between here and the server changes what it sends',
    transient: true,
  })
