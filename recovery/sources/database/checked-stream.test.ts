import { describe, expect, it } from 'vitest'
import { checkedDump, checkedGlobals } from './checked-stream.ts'

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
    expect(await textOf(checkedDump(pieces('P', 'GD', '', 'MPx', 'y'), 'x'))).toBe('PGDMPxy')
    const globals = `CREATE ROLE a;\n--\n-- PostgreSQL database cluster dump complete\n--\n\n\\unrestrict x\n`
    expect(await textOf(checkedGlobals(pieces(...globals), 'x'))).toBe(globals)
  })

  it.each([[''], ['PGDM'], ['pg_dump: error', 'PGDMP']])('is refused when it is no dump: %j', async (...texts) => {
    await expect(textOf(checkedDump(pieces(...texts), 'database db/x'))).rejects.toMatchObject({
      code: 'capture-failed',
      message: expect.stringContaining('database db/x') as string,
    })
  })

  it('is refused when the end of the roles is missing', async () => {
    await expect(textOf(checkedGlobals(pieces('CREATE ROLE a;'), 'x'))).rejects.toMatchObject({
      code: 'capture-failed',
    })
  })
})
