import { openRepository } from '../../open.ts'
import { openStorage } from '../../storage/location.ts'
import { FaultyStorage, type Operation } from '../../storage/testing/faulty.ts'
import { testPassword } from '../../testing/test-repository.ts'
import { inPieces, publish } from './upload.ts'

// node upload-once.ts VAULT FOLDER KILL: uploads the folder and a stream. With a number it kills itself at that call of
// the storage which writes or removes, without a chance to tidy up. Tells 'uploading' when it begins, 'published' at the end.

const [vault, folder, kill] = process.argv.slice(2)
const writes: readonly Operation[] = ['save', 'remove']
let calls = 0
const storage = new FaultyStorage(openStorage(vault!), operation => {
  if (writes.includes(operation) && ++calls === Number(kill)) process.kill(process.pid, 'SIGKILL')
})
const { repository } = await openRepository(storage, testPassword)
console.log('uploading')
const stream = Buffer.alloc(3_000_000, 'all work and no play ')
const settings = { packBytes: 500_000 }
await publish(
  repository,
  uploader => Promise.all([uploader.saveFolder('folder', folder!), uploader.saveStream('stream', inPieces(stream))]),
  { settings },
)
await storage.close()
console.log('published')
