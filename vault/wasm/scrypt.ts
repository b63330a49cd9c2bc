import { readFileSync } from 'node:fs'

interface ScryptCode {
  mixLane(at: number, r: number, N: number): void
}

/** What `mixBlocks` takes, for any number of threads. Throws where WebAssembly has no vectors. */
export const compileScrypt = (): object =>
  new WebAssembly.Module(readFileSync(new URL('./scrypt.wasm', import.meta.url)))

/** Memory below this address belongs to the code. */
const reservedBytes = 65_536

/** scrypt's ROMix of each block of 128 * `r` bytes. Takes 128 * N * r bytes of memory, until it is collected. */
export function mixBlocks(module: object, blocks: Uint8Array, { N, r }: { N: number; r: number }): Uint8Array {
  const blockBytes = 128 * r
  const size = reservedBytes + (N + 3) * blockBytes
  const memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65_536) })
  const code = new WebAssembly.Instance(module, { env: { memory } }).exports as ScryptCode
  const block = new Uint8Array(memory.buffer, reservedBytes, blockBytes)
  const mixed = new Uint8Array(blocks.length)
  for (let at = 0; at < blocks.length; at += blockBytes) {
    block.set(blocks.subarray(at, at + blockBytes))
    code.mixLane(reservedBytes, r, N)
    mixed.set(block, at)
  }
  return mixed
}
