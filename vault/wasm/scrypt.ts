import { readFileSync } from 'node:fs'

interface ScryptCode {
  mixLanes(at: number, stride: number, r: number, N: number): void
}

/** What `mixBlocks` takes, for any number of threads. Throws where WebAssembly has no vectors. */
export const compileScrypt = (): object =>
  new WebAssembly.Module(readFileSync(new URL('./scrypt.wasm', import.meta.url)))

/** Memory below this address belongs to the code. */
const reservedBytes = 65_536

/** scrypt's ROMix of each block of 128 * `r` bytes. Takes 256 * N * r bytes of memory, until it is collected. */
export function mixBlocks(module: object, blocks: Uint8Array, { N, r }: { N: number; r: number }): Uint8Array {
  const blockBytes = 128 * r
  const stride = (N + 3) * blockBytes
  const memory = new WebAssembly.Memory({ initial: Math.ceil((reservedBytes + 2 * stride) / 65_536) })
  const code = new WebAssembly.Instance(module, { env: { memory } }).exports as ScryptCode
  const lanes = [0, stride].map(lane => new Uint8Array(memory.buffer, reservedBytes + lane, blockBytes))
  const mixed = new Uint8Array(blocks.length)
  for (let at = 0; at < blocks.length; at += 2 * blockBytes) {
    // The last one of an odd number goes with what is left of the one before.
    const pair = lanes.flatMap((lane, i) => {
      const from = at + i * blockBytes
      return from < blocks.length ? [{ lane, from }] : []
    })
    for (const { lane, from } of pair) lane.set(blocks.subarray(from, from + blockBytes))
    code.mixLanes(reservedBytes, stride, r, N)
    for (const { lane, from } of pair) mixed.set(lane, from)
  }
  return mixed
}
