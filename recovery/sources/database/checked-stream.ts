import { RecoveryError } from '../../domain/errors.ts'

// What pg_dump -Fc begins with.
const dumpMagic = Buffer.from('PGDMP')
// What pg_dumpall writes last but for a line or two.
const globalsEnd = 'PostgreSQL database cluster dump complete'
const globalsEndWithin = 1024

/** Throws capture-failed unless a custom-format dump begins with `head`. */
export function assertDump(head: Uint8Array, what: string): void {
  if (!dumpMagic.equals(head.subarray(0, dumpMagic.length))) throw notWhole(what)
}

/** Passes pg_dumpall's script on; throws capture-failed when its last line is missing. */
export async function* checkedGlobals(bytes: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  let tail = Buffer.alloc(0)
  for await (const chunk of bytes) {
    tail = Buffer.concat([tail, chunk]).subarray(-globalsEndWithin)
    yield chunk
  }
  if (!tail.includes(globalsEnd)) throw notWhole(what)
}

const notWhole = (what: string): RecoveryError =>
  new RecoveryError('capture-failed', `${what}: the program that dumps it ended well, but its output is not whole`)
