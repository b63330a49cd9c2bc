import { readFileSync } from 'node:fs'

/** What engine.as.ts exports. Addresses are bytes in the memory of the instance. */
export interface EngineCode {
  readonly MOD_TABLE: { readonly value: number }
  readonly OUT_TABLE: { readonly value: number }
  readonly MAC_R: { readonly value: number }
  readonly MAC_PAD: { readonly value: number }
  readonly MAC_TAG: { readonly value: number }
  readonly CIPHER_IV: { readonly value: number }
  readonly PADS: { readonly value: number }
  readonly KEYSTREAM: { readonly value: number }
  setLimits(min: number, max: number, mask: number): void
  nextCut(start: number, scannedTo: number, end: number): number
  macKey(): void
  macStart(): void
  macUpdate(from: number, length: number): void
  macFinish(): void
  beginMessage(i: number, at: number, length: number, before: number): void
  sealMessage(i: number, at: number, length: number, before: number): void
  openMessage(i: number, at: number, length: number, before: number, to: number): number
  putCounters(iv: number, blocks: number): void
  addKeystream(from: number, length: number, to: number): void
}

export interface EngineInstance {
  readonly code: EngineCode
  /** The whole memory; it never grows, so views stay valid. */
  readonly bytes: Buffer
}

/** Memory below this address belongs to the code. */
export const reservedBytes = 65_536

let compiled: object | undefined

/** An instance with a memory of its own, in which the caller has `size` bytes from `reservedBytes` on. */
export function instantiateEngine(size: number): EngineInstance {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./engine.wasm', import.meta.url)))
  const memory = new WebAssembly.Memory({ initial: Math.ceil((reservedBytes + size) / 65_536) })
  const instance = new WebAssembly.Instance(compiled, { env: { memory } })
  return { code: instance.exports as unknown as EngineCode, bytes: Buffer.from(memory.buffer) }
}
