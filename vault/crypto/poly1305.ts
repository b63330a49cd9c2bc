import { instantiateEngine, reservedBytes, type EngineInstance } from '../wasm/instance.ts'

/** A message goes through the instance's memory in pieces of this size, which fit a processor's cache. */
const pieceBytes = 192 * 1024

let shared: EngineInstance | undefined

/** Poly1305 of RFC 8439: `r` and `s` are 16 bytes each, the result too. For messages of any size. */
export function poly1305(r: Uint8Array, s: Uint8Array, message: Uint8Array): Buffer {
  const { code, bytes } = (shared ??= instantiateEngine(pieceBytes))
  bytes.set(r, code.MAC_R.value)
  bytes.set(s, code.MAC_PAD.value)
  code.macKey()
  for (let at = 0; at < message.length; at += pieceBytes) {
    const piece = message.subarray(at, at + pieceBytes)
    bytes.set(piece, reservedBytes)
    code.macUpdate(reservedBytes, piece.length)
  }
  code.macFinish()
  return Buffer.from(bytes.subarray(code.MAC_TAG.value, code.MAC_TAG.value + 16))
}
