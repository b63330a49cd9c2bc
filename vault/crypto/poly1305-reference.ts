/** Poly1305 of RFC 8439 in plain arithmetic, slow: what tests compare the fast one with. `r` and `s` are 16 bytes each. */
export function referencePoly1305(r: Uint8Array, s: Uint8Array, message: Uint8Array): Buffer {
  const prime = (1n << 130n) - 5n
  const factor = littleEndian(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  let sum = 0n
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16)
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * factor) % prime
  }
  const tag = (sum + littleEndian(s)) & ((1n << 128n) - 1n)
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse()
}

const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x0${Buffer.from(bytes).reverse().toString('hex')}`)
