import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testBind, testProject } from '../sources/testing/test-project.ts'
import { assertOutside } from './vault-place.ts'

let top: string
beforeEach(() => void (top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'place-')))))
afterEach(() => fs.rmSync(top, { recursive: true }))
const at = (...steps: string[]) => path.join(top, ...steps)

describe('a vault', () => {
  const project = () =>
    testProject(at('project'), {
      volumes: [
        testBind(at('media')),
        testBind(top),
        testBind(at('database'), { holdsServer: 'db' }),
        testBind(at('disk'), { kind: 'volume', name: 'shop_disk', driverOptions: { o: 'bind', device: at('disk') } }),
      ],
      servers: [
        {
          ...{ name: 'main', access: 'url', method: 'physical', running: true, foundBy: 'x', storedOn: null },
          ...{ environment: { user: 'u', password: undefined, database: 'd' }, dataDirectory: at('pg') },
        },
      ],
    })

  it.each(['project', 'project/vault', 'media/vault', 'database/vault', 'disk/a/b', 'pg/vault'])(
    'is refused in what it protects: %s',
    async place => {
      await expect(assertOutside(project(), at(place))).rejects.toMatchObject({ code: 'bad-input' })
      await expect(assertOutside(project(), `local:${at(place)}`)).rejects.toMatchObject({ code: 'bad-input' })
    },
  )

  it('is refused there behind a link too', async () => {
    fs.mkdirSync(at('media'))
    fs.symlinkSync('media', at('link'))
    await expect(assertOutside(project(), at('link/vault'))).rejects.toMatchObject({
      message: expect.stringContaining('protected folder media') as string,
    })
  })

  it.each(['vault', 'media2', 'project-vault'])('is welcome elsewhere: %s', place =>
    assertOutside(project(), at(place)),
  )

  it('is welcome on another machine', () => assertOutside(project(), 's3:https://example.org/bucket'))
})
