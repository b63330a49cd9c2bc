import { addKeystreamOf, putCountersAt } from './keystream.as'
import { KEYSTREAM, MAC_PAD, MAC_TAG, PADS } from './layout.as'
import { macFinish, macStart, macUpdate } from './poly1305.as'

// Several short messages at once, so that the block cipher is called for all of them together. A sealed one is IV,
// ciphertext and MAC; `i` is its number among them, `before` how many blocks those before it take in KEYSTREAM.

const IV: usize = 16

/** Puts the IV at `at` to PADS and its counters to KEYSTREAM, both to be encrypted by the caller. */
export function beginMessage(i: u32, at: usize, length: usize, before: u32): void {
  copyBlock(at, pad(i))
  putCountersAt(at, u32((length + 15) >> 4), keystream(before))
}

/** Behind the IV at `at`: encrypts `length` bytes in place and adds the MAC. */
export function sealMessage(i: u32, at: usize, length: usize, before: u32): void {
  addKeystreamOf(keystream(before), at + IV, length, at + IV)
  mac(i, at, length)
  copyBlock(MAC_TAG, at + IV + length)
}

/** Whether there is an IV and the MAC is right; if so, the plaintext goes to `to`. */
export function openMessage(i: u32, at: usize, length: usize, before: u32, to: usize): bool {
  if ((load<u64>(at) | load<u64>(at, 8)) == 0) return false
  mac(i, at, length)
  const tag = at + IV + length
  if (load<u64>(tag) != load<u64>(MAC_TAG) || load<u64>(tag, 8) != load<u64>(MAC_TAG, 8)) return false
  addKeystreamOf(keystream(before), at + IV, length, to)
  return true
}

function mac(i: u32, at: usize, length: usize): void {
  copyBlock(pad(i), MAC_PAD)
  macStart()
  macUpdate(at + IV, length)
  macFinish()
}

function pad(i: u32): usize {
  return PADS + (<usize>i << 4)
}

function keystream(before: u32): usize {
  return KEYSTREAM + (<usize>before << 4)
}

function copyBlock(from: usize, to: usize): void {
  v128.store(to, v128.load(from))
}
