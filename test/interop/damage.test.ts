import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStorage, openVault, VaultError } from '../../vault/index.ts'
import { fixedBytes } from './folders.ts'
import { password, Restic, scratchFolder, scratchFolderLater, skipsInterop } from './restic.ts'
import { details, newVault } from './vault.ts'

const types = ['data', 'index', 'snapshots', 'keys', 'config'] as const

const harms: Record<string, (file: string) => void> = {
  'is gone': file => fs.rmSync(file),
  'is cut short': file => fs.truncateSync(file, fs.statSync(file).size - 1),
  'is empty': file => fs.truncateSync(file, 0),
  'has a flipped bit': file => {
    const bytes = fs.readFileSync(file)
    bytes[Math.floor(bytes.length / 2)]! ^= 4
    fs.writeFileSync(file, bytes)
  },
  'has a byte too many': file => fs.appendFileSync(file, 'x'),
}

/** All files of a type. */
const filesOf = (location: string, type: string): string[] => {
  const top = path.join(location, type)
  if (type === 'config') return [top]
  return fs
    .readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter(name => /[0-9a-f]{64}$/.test(name))
    .map(name => path.join(top, name))
    .sort()
}

describe.skipIf(skipsInterop)('a vault of which a file', () => {
  const scratch = scratchFolderLater()
  const source = path.join(scratch.path, 'source')
  const whole = path.join(scratch.path, 'whole')
  beforeAll(async () => {
    scratch.make()
    fs.mkdirSync(path.join(source, 'sub'), { recursive: true })
    for (let i = 0; i < 5; i++) fs.writeFileSync(path.join(source, `sub/${i}`), fixedBytes(50_000, i))
    const vault = await newVault(whole)
    await vault.withUploader({}, async uploader => {
      await uploader.saveFolder('source', source)
      await uploader.publish(details)
    })
    await vault.close()
  })
  afterAll(() => scratch[Symbol.dispose]())

  const cases = types.flatMap(type => Object.keys(harms).map(harm => [type, harm] as const))

  it.each(cases)(
    'of type %s %s is found by us whenever restic finds it, and never restored as if it were good',
    async (type, harm) => {
      for (const i of filesOf(whole, type).keys()) {
        using place = scratchFolder()
        const location = path.join(place.path, 'vault')
        fs.cpSync(whole, location, { recursive: true })
        const file = filesOf(location, type)[i]!
        fs.chmodSync(file, 0o600)
        harms[harm]!(file)
        const theirs = new Restic(location).try('check', '--read-data').status !== 0
        const ours = await findsDamage(location)
        // A point that is gone leaves nothing that could be missed.
        expect(ours).toBe(type === 'snapshots' && harm === 'is gone' ? false : true)
        expect([theirs, ours]).not.toEqual([true, false])
        expect(await restoresWrongly(location, path.join(place.path, 'target'))).toBe(false)
      }
    },
  )

  async function findsDamage(location: string): Promise<boolean> {
    try {
      const vault = await openVault(openStorage(location), { password })
      const { problems } = await vault.check({ readData: true }, {})
      return problems.some(({ severity }) => severity === 'damage')
    } catch (error) {
      expect(error).toBeInstanceOf(VaultError)
      return true
    }
  }

  /** Whether a restore says that all went well and it did not. */
  async function restoresWrongly(location: string, target: string): Promise<boolean> {
    try {
      const vault = await openVault(openStorage(location), { password })
      const snapshot = await vault.findSnapshot('latest')
      await vault.restoreFolder(snapshot, 'source', target, {}, {})
    } catch (error) {
      expect(error).toBeInstanceOf(VaultError)
      return false
    }
    const good = await openVault(openStorage(whole), { password })
    return (await good.compareFolder(await good.findSnapshot('latest'), 'source', target, {}, {})).length > 0
  }
})
