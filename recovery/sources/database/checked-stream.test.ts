import { describe, expect, it } from 'vitest'
import { assertDump, checkedGlobals } from './checked-stream.ts'

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}
async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of bytes) text += Buffer.from(chunk).toString()
  return text
}

describe('what a dump program printed', () => {
  it('passes on as it is, in whatever pieces', async () => {
    const globals = `CREATE ROLE a;\n--\n-- PostgreSQL database cluster dump complete\n--\n\n\\unrestrict x\n`
    expect(await textOf(checkedGlobals(pieces(...globals), 'x'))).toBe(globals)
  })

  it.each(['', 'PGDM', 'pg_dump: error', 'xPGDMP'])('is refused when it is no dump: %j', head => {
    const refusal = expect.objectContaining({
      code: 'capture-failed',
      message: expect.stringContaining('database db/x') as string,
    }) as Error
    expect(() => assertDump(Buffer.from(head), 'database db/x')).toThrow(refusal)
  })

  it.each(['PGDMP', 'PGDMP\x01\x0e'])('is taken when it begins like a dump: %j', head => {
    expect(() => assertDump(Buffer.from(head), 'database db/x')).not.toThrow()
  })

  it('is refused when the end of the roles is missing', async () => {
    await expect(textOf(checkedGlobals(pieces('CREATE ROLE a;'), 'x'))).rejects.toMatchObject({
      code: 'capture-failed',
    })
  })
})
