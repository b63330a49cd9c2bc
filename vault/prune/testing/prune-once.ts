import { VaultError } from '../../errors.ts'
import { pause } from '../../interrupt.ts'
import { openRepository } from '../../open.ts'
import { openStorage } from '../../storage/location.ts'
import { FaultyStorage, type Operation } from '../../storage/testing/faulty.ts'
import { testPassword } from '../../testing/test-repository.ts'
import { prune } from '../prune.ts'

// node prune-once.ts VAULT KILL [ID…]: forgets these points and prunes, as often as somebody else is in the way. With a
// number it kills itself at that call of the storage which writes or removes, without a chance to tidy up.

const [vault, kill, ...ids] = process.argv.slice(2)
const writes: readonly Operation[] = ['save', 'remove']
let calls = 0
const storage = new FaultyStorage(openStorage(vault!), operation => {
  if (writes.includes(operation) && ++calls === Number(kill)) process.kill(process.pid, 'SIGKILL')
})
const { repository } = await openRepository(storage, testPassword)
const options = { forget: { ids }, maxUnused: { bytes: 0 } }
for (;;)
  try {
    await prune(repository, options, {}, { packBytes: 500_000 })
    break
  } catch (error) {
    if (!(error instanceof VaultError) || error.code !== 'vault-locked') throw error
    await pause(100)
  }
await storage.close()
