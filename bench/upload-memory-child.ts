import { randomFillSync } from 'node:crypto'
import { createRepository } from '../vault/create.ts'
import { LocalStorage } from '../vault/storage/local.ts'
import { withUploader } from '../vault/upload/uploader.ts'

// node bench/upload-memory-child.ts VAULT stream BYTES | folder PATH
// Uploads into a new vault and prints one line of JSON: how long it took, and the most memory it held.

const [vault, kind, what] = process.argv.slice(2)
const scrypt = { N: 1024, r: 8, p: 1 }
const first = { password: 'bench', username: 'bench', hostname: 'bench', scrypt }
const { repository } = await createRepository(new LocalStorage(vault!), first)
const began = performance.now()
await withUploader(repository, {}, async uploader => {
  if (kind === 'stream') await uploader.saveStream('stream', someBytes(Number(what)))
  else await uploader.saveFolder('folder', what!)
  const details = { hostname: 'bench', username: 'bench', paths: ['/bench'], tags: [], programVersion: 'bench' }
  await uploader.publish({ time: new Date(), ...details })
})
const seconds = (performance.now() - began) / 1000
console.log(JSON.stringify({ seconds, rssMiB: Math.round(process.resourceUsage().maxRSS / 1024) }))

/** Half of it can be compressed. */
async function* someBytes(bytes: number): AsyncGenerator<Uint8Array> {
  const piece = Buffer.alloc(256 * 1024, 'some text that is like a dump of a database ')
  for (let done = 0; done < bytes; done += piece.length) yield randomFillSync(piece, 0, piece.length / 2)
}
