import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { envAssignments, parseEnvFile, withEnvKeys } from '../../project/index.ts'
import { fillEnv } from './fill-env.ts'

const fill = (example: string, more: Partial<Parameters<typeof fillEnv>[0]> = {}) =>
  fillEnv({ example, given: '', point: '', project: {}, ...more })

describe('an env file filled from its example', () => {
  it('keeps comments and order, and what is no secret', () => {
    const { text, open } = fill('# a\nPORT=3000\n\n# b\nHOST=\n')
    expect(text).toBe('# a\nPORT=3000\n\n# b\nHOST=\n')
    expect(open).toEqual(['HOST'])
  })

  it('gets secrets of its own, the same for a database everywhere, and different ones else', () => {
    const { text, open } = fill(
      'POSTGRES_PASSWORD=changeme\nDATABASE_URL=postgres://app:changeme@db/app?sslmode=disable\nJWT_SECRET=changeme\nAPI_TOKEN=\n',
    )
    const values = parseEnvFile(text)
    expect(open).toEqual([])
    expect(values['POSTGRES_PASSWORD']).toMatch(/^[\w-]{32}$/)
    expect(values['DATABASE_URL']).toBe(`postgres://app:${values['POSTGRES_PASSWORD']}@db/app?sslmode=disable`)
    expect(new Set([values['POSTGRES_PASSWORD'], values['JWT_SECRET'], values['API_TOKEN']]).size).toBe(3)
  })

  it('repeats what the example repeats', () => {
    const values = parseEnvFile(fill('A_SECRET=shared-one\nB_SECRET=shared-one\nC_SECRET=other-one\n').text)
    expect(values['A_SECRET']).toBe(values['B_SECRET'])
    expect(values['C_SECRET']).not.toBe(values['B_SECRET'])
    expect(values['A_SECRET']).not.toBe('shared-one')
  })

  it('takes what was given before the point, and the point before anything else; also into a URL', () => {
    const { text, sources } = fill('POSTGRES_PASSWORD=x\nURL=postgres://a:x@db/a\nKEY_B=\nPORT=1\n', {
      given: 'PORT=2\n',
      point: "POSTGRES_PASSWORD='it is $old'\nPORT=3\n",
    })
    expect(text).toBe("POSTGRES_PASSWORD='it is $old'\nURL=postgres://a:it%20is%20%24old@db/a\nKEY_B=\nPORT=2\n")
    expect(sources.get('PORT')).toBe('given')
  })

  it('leaves a reference to another variable as it is', () => {
    const { text } = fill(
      'POSTGRES_PASSWORD=x\nURL=postgres://a:${POSTGRES_PASSWORD}@db/a\nDB_PASSWORD=${POSTGRES_PASSWORD}\n',
    )
    expect(text).toContain('URL=postgres://a:${POSTGRES_PASSWORD}@db/a\nDB_PASSWORD=${POSTGRES_PASSWORD}\n')
  })
})

describe('keys brought into an env file', () => {
  const name = fc.constantFrom('A', 'B', 'C', 'D')
  const value = fc.constantFrom('', 'x', '"a\nb"', "'q # r'", 'y # comment', '$A')
  const line = fc.oneof(
    fc.tuple(name, value).map(([key, text]) => `${key}=${text}`),
    fc.constantFrom('', '# note', '  '),
  )
  const file = fc.array(line).map(lines => lines.join('\n'))

  it('have the value of the other file afterwards, and no other key changes', () => {
    fc.assert(
      fc.property(file, file, name, (now, then, key) => {
        const merged = withEnvKeys(now, then, [key])
        const known = envAssignments(then).findLast(assignment => assignment.key === key)
        if (!known) {
          expect(merged).toBe(now)
          return
        }
        const raw = (text: string, wanted: string) => {
          const found = envAssignments(text).findLast(assignment => assignment.key === wanted)
          return found && text.slice(found.start, found.end).trim()
        }
        expect(raw(merged, key)).toBe(raw(then, key))
        for (const other of ['A', 'B', 'C', 'D'].filter(each => each !== key))
          expect(raw(merged, other)).toBe(raw(now, other))
      }),
    )
  })
})
