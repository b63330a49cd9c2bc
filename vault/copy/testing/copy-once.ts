import { openRepository } from '../../open.ts'
import { listSnapshots } from '../../snapshots.ts'
import { openStorage } from '../../storage/location.ts'
import { FaultyStorage, type Operation } from '../../storage/testing/faulty.ts'
import { lockTiming } from '../../locks/timing.ts'
import { testPassword } from '../../testing/test-repository.ts'
import { VaultReader } from '../../vault-reader.ts'
import { copySnapshots } from '../copy.ts'

// node copy-once.ts SOURCE TARGET KILL: copies all snapshots. With a number it kills itself at that call of the target's
// storage which writes or removes, without a chance to tidy up.

const [from, to, kill] = process.argv.slice(2)
const writes: readonly Operation[] = ['save', 'remove']
let calls = 0
const storage = new FaultyStorage(openStorage(to!), operation => {
  if (writes.includes(operation) && ++calls === Number(kill)) process.kill(process.pid, 'SIGKILL')
})
const { repository: source } = await openRepository(openStorage(from!), testPassword)
const { repository: target } = await openRepository(storage, testPassword)
const settings = { packBytes: 200_000, batchBytes: 200_000, timing: { ...lockTiming, settleMs: 0 } }
await copySnapshots({ source, reader: new VaultReader(source), target }, await listSnapshots(source), {}, settings)
await storage.close()
