import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hostPlace } from './file-target.ts'

let folder: string
const at = (...names: string[]) => path.join(folder, ...names)

beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-test-')))
  for (const name of ['volume', 'volume-2', 'outside']) fs.mkdirSync(at(name))
  fs.writeFileSync(at('outside', 'passwd'), 'precious')
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

describe('a file that is to come back into a volume', () => {
  it('lies in it, also in a folder that is not there yet', async () => {
    expect(await hostPlace(at('volume/new/deeper/file'), at('volume'))).toMatchObject({
      file: at('volume/new/deeper/file'),
      exists: false,
    })
  })

  it.each(['../outside/passwd', '../volume-2/file', 'away/passwd', 'away/new/file', 'up/file'])(
    'is refused where its way leads out: %s',
    async way => {
      fs.symlinkSync('../outside', at('volume', 'away'))
      fs.symlinkSync('..', at('volume', 'up'))
      await expect(hostPlace(path.join(at('volume'), way), at('volume'))).rejects.toMatchObject({
        code: 'target-mismatch',
      })
    },
  )

  it('takes the place of a link, and not of what it leads to', async () => {
    fs.symlinkSync('../outside/passwd', at('volume', 'link'))
    expect((await hostPlace(at('volume/link'), at('volume'))).file).toBe(at('volume/link'))
  })
})
