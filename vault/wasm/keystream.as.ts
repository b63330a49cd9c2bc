import { KEYSTREAM } from './layout.as'

// Counter mode in two halves, with the block cipher between them, which Node has: a cipher object that is kept encrypts
// many counters at once, where counter mode would need an object of its own for every message.

/** Writes the counters of `blocks` blocks of 16 bytes to KEYSTREAM: the 128-bit big-endian number at `iv`, and those that follow. */
export function putCounters(iv: usize, blocks: u32): void {
  putCountersAt(iv, blocks, KEYSTREAM)
}

export function putCountersAt(iv: usize, blocks: u32, to: usize): void {
  let high = bswap<u64>(load<u64>(iv))
  let low = bswap<u64>(load<u64>(iv, 8))
  for (let i: u32 = 0; i < blocks; i++) {
    const at = to + (<usize>i << 4)
    store<u64>(at, bswap<u64>(high))
    store<u64>(at, bswap<u64>(low), 8)
    low++
    if (low == 0) high++
  }
}

/** Adds the bytes of KEYSTREAM to `length` bytes at `from`; the result goes to `to`, which may not lie inside behind `from`. */
export function addKeystream(from: usize, length: usize, to: usize): void {
  addKeystreamOf(KEYSTREAM, from, length, to)
}

export function addKeystreamOf(keystream: usize, from: usize, length: usize, to: usize): void {
  let i: usize = 0
  for (; i + 16 <= length; i += 16) v128.store(to + i, v128.xor(v128.load(from + i), v128.load(keystream + i)))
  for (; i < length; i++) store<u8>(to + i, load<u8>(from + i) ^ load<u8>(keystream + i))
}
