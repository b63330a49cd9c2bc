import { withLock } from '../locks.ts'
import { openRepository } from '../open.ts'
import { LocalStorage } from '../storage/local.ts'

// node hold-lock.ts FOLDER PASSWORD: a program that holds an exclusive lock until it is stopped.
const [folder, password] = process.argv.slice(2)
const { repository } = await openRepository(new LocalStorage(folder!), password!)
await withLock(repository, { exclusive: true }, {}, async run => {
  console.log('held')
  const alive = setInterval(() => {}, 1000)
  const { promise, reject } = Promise.withResolvers<never>()
  run.signal?.addEventListener('abort', () => reject(run.signal?.reason as Error))
  await promise.finally(() => clearInterval(alive))
}).catch(() => {})
