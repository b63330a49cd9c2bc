import { describe, expect, it } from 'vitest'
import { createVault, MemoryStorage, openVault, type Vault } from '../../../vault/index.ts'
import { FaultyStorage } from '../../../vault/storage/testing/faulty.ts'
import { cheapScrypt } from '../../../vault/testing/test-repository.ts'
import { quietRun } from '../../sources/testing/test-project.ts'
import { recoveryKeyName } from '../init.ts'
import { addCodeEverywhere, removeOtherCodes } from './new-code.ts'

const run = quietRun()
const scrypt = cheapScrypt

interface Place {
  readonly storage: MemoryStorage
  readonly vault: Vault
}

/** Two vaults with a code each; from the `at`th change on, storing and removing fail in both, as after a kill. */
async function twoVaults(at = Infinity): Promise<readonly Place[]> {
  const cut = { calls: 0, armed: false }
  return Promise.all(
    [1, 2].map(async () => {
      const storage = new MemoryStorage()
      const faulty = new FaultyStorage(storage, operation => {
        if (cut.armed && ['save', 'remove'].includes(operation) && ++cut.calls >= at) throw new Error('broke off')
      })
      const made = await createVault(storage, { password: 'p', username: 'u', hostname: 'h', scrypt })
      await made.addKey('old code', recoveryKeyName)
      const vault = await openVault(faulty, { password: 'p', scrypt })
      cut.armed = true
      return { storage, vault }
    }),
  )
}

const opens = ({ storage }: Place, password: string) =>
  openVault(storage, { password, scrypt }).then(
    () => true,
    () => false,
  )
const allOpen = async (places: readonly Place[], password: string) =>
  (await Promise.all(places.map(place => opens(place, password)))).every(Boolean)
const anyOpens = async (places: readonly Place[], password: string) =>
  (await Promise.all(places.map(place => opens(place, password)))).some(Boolean)
const vaultsOf = (places: readonly Place[]) => places.map(({ vault }) => vault)

describe('a new recovery code for several vaults', () => {
  it('is handed over when it opens all of them, and leaves what opened them before, wherever that breaks off', async () => {
    for (let at = 1, done = false; !done; at++) {
      const places = await twoVaults(at)
      let shown = false
      const show = async () => {
        expect(await allOpen(places, 'new code')).toBe(true)
        shown = true
      }
      done = await addCodeEverywhere(vaultsOf(places), 'new code', show, run).then(
        () => true,
        () => false,
      )
      expect(shown).toBe(done)
      expect(await allOpen(places, 'old code')).toBe(true)
      if (done) expect(at).toBe(3)
    }
  })

  it('is in none of them where it could not be handed over', async () => {
    const places = await twoVaults()
    const fails = () => Promise.reject(new Error('the disk is full'))
    await expect(addCodeEverywhere(vaultsOf(places), 'new code', fails, run)).rejects.toThrow('the disk is full')
    expect(await anyOpens(places, 'new code')).toBe(false)
    const stopped = quietRun(AbortSignal.abort(new Error('stopped')))
    const show = () => Promise.resolve()
    await expect(addCodeEverywhere(vaultsOf(places), 'new code', show, stopped)).rejects.toThrow('stopped')
    expect(await anyOpens(places, 'new code')).toBe(false)
  })

  it('takes the place of every other, when it has opened the vault', async () => {
    const [place] = await twoVaults()
    await addCodeEverywhere([place!.vault], 'new code', () => Promise.resolve(), run)
    const gone = await removeOtherCodes(await openVault(place!.storage, { password: 'new code', scrypt }), run)
    expect(gone).toHaveLength(1)
    expect([await opens(place!, 'old code'), await opens(place!, 'new code'), await opens(place!, 'p')]).toEqual([
      ...[false, true, true],
    ])
  })
})
