import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteIdentifier, quoteLiteral } from './sql-text.ts'
import { splitStatements } from './statements.ts'

describe('the statements of a script', () => {
  it('are cut at semicolons alone, not at those in strings, names, dollar quotes and comments', () => {
    const statements = [
      `SELECT 'a;''b' AS "x;""y"`,
      `SELECT E'a\\';b', 'a\\'`,
      `DO $$ BEGIN; END; $$`,
      `SELECT $tag$ ; $$ ; $tag$, $1`,
      `SELECT 1 -- ; not here\n + 2`,
      `SELECT /* ; /* ; */ ; */ 3`,
      `SELECT a$b$ FROM t`,
    ]
    expect(splitStatements(statements.join(';\n') + ';')).toEqual(statements)
  })

  it('are without the comments between them and without the commands of psql', () => {
    const script = "--\n-- Roles\n--\n\n\\restrict x'y\nCREATE ROLE a;\n/* b */ ;\n\\unrestrict x'y\n\nCREATE ROLE b"
    expect(splitStatements(script)).toEqual(['CREATE ROLE a', 'CREATE ROLE b'])
  })

  it('hold every name and text that can be quoted', () => {
    const anything = fc.array(fc.string({ unit: 'binary' }), { minLength: 1 })
    fc.assert(
      fc.property(anything, texts => {
        const statements = texts.map(text => `SELECT ${quoteLiteral(text)} AS ${quoteIdentifier(text)}`)
        expect(splitStatements(statements.join('; '))).toEqual(statements)
      }),
    )
  })
})
