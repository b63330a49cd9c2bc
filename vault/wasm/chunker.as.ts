import { MOD_TABLE, OUT_TABLE } from './layout.as'

// A Rabin fingerprint over the last 64 bytes decides where a chunk ends. Computed byte by byte each step waits for the one
// before, so four stretches of the data are done side by side: a fingerprint depends on its 64 bytes alone.

const WINDOW: usize = 64
const STRIPE: usize = 8192

let minSize: usize = 524288
let maxSize: usize = 8388608
let cutMask: u32 = 0xfffff

/** Chunks are at least `min` (64 or more) and at most `max` bytes long, and end where the masked fingerprint is 0. */
export function setLimits(min: usize, max: usize, mask: u32): void {
  minSize = min
  maxSize = max
  cutMask = mask
}

/**
 * Where the chunk that begins at `start` ends (the address after it), or 0 if not before or at `end`, up to which there
 * is data. Ends up to `scannedTo` were ruled out by an earlier call; pass `start` at first.
 */
export function nextCut(start: usize, scannedTo: usize, end: usize): usize {
  const last = start + maxSize
  const limit = min(end, last)
  const from = max(start + minSize, scannedTo)
  if (from > limit) return 0
  const cut = scan(from, limit, cutMask)
  return cut ? cut : limit == last ? last : 0
}

/** The first address from `from` to `end` at which the fingerprint of the 64 bytes before it ends a chunk, or 0. */
function scan(from: usize, end: usize, mask: u32): usize {
  let digest = fingerprint(from)
  if ((u32(digest) & mask) == 0) return from
  // From here on addresses are those of the byte that leaves the window: constant distances then cost nothing.
  let at = from - WINDOW
  const last = end - WINDOW
  for (; at + 4 * STRIPE <= last; at += 4 * STRIPE) {
    const cut = scanStripes(digest, at, mask)
    if (cut) return cut
    digest = fingerprint(at + 4 * STRIPE + WINDOW)
  }
  return scanRest(digest, at, last, mask)
}

/** Of the 64 bytes before an address. */
function fingerprint(end: usize): u64 {
  let digest: u64 = 0
  for (let at = end - WINDOW; at < end; at++) {
    digest = (digest << 8) ^ u64(load<u8>(at)) ^ load<u64>(usize(digest >> 45) << 3, MOD_TABLE)
  }
  return digest
}

// @ts-ignore: decorator
@inline function step(digest: u64, oldest: u8, newest: u8): u64 {
  return (digest << 8) ^ u64(newest) ^ load<u64>(usize(oldest) << 3, OUT_TABLE) ^ load<u64>(usize(digest >> 45) << 3, MOD_TABLE)
}

function scanRest(digest: u64, at: usize, last: usize, mask: u32): usize {
  while (at < last) {
    digest = step(digest, load<u8>(at), load<u8>(at, WINDOW))
    at++
    if ((u32(digest) & mask) == 0) return at + WINDOW
  }
  return 0
}

function scanStripes(d0: u64, at: usize, mask: u32): usize {
  let d1 = fingerprint(at + WINDOW + STRIPE)
  let d2 = fingerprint(at + WINDOW + 2 * STRIPE)
  let d3 = fingerprint(at + WINDOW + 3 * STRIPE)
  // A cut in the first stripe is the answer; one in a later stripe is only if the stripes before it have none.
  let cut1: usize = 0, cut2: usize = 0, cut3: usize = 0
  for (const stop = at + STRIPE; at < stop; ) {
    d0 = step(d0, load<u8>(at), load<u8>(at, WINDOW))
    d1 = step(d1, load<u8>(at, STRIPE), load<u8>(at, STRIPE + WINDOW))
    d2 = step(d2, load<u8>(at, 2 * STRIPE), load<u8>(at, 2 * STRIPE + WINDOW))
    d3 = step(d3, load<u8>(at, 3 * STRIPE), load<u8>(at, 3 * STRIPE + WINDOW))
    at++
    if ((u32(d0) & mask) == 0 || (u32(d1) & mask) == 0 || (u32(d2) & mask) == 0 || (u32(d3) & mask) == 0) {
      if ((u32(d0) & mask) == 0) return at + WINDOW
      if ((u32(d1) & mask) == 0 && !cut1) cut1 = at + STRIPE + WINDOW
      if ((u32(d2) & mask) == 0 && !cut2) cut2 = at + 2 * STRIPE + WINDOW
      if ((u32(d3) & mask) == 0 && !cut3) cut3 = at + 3 * STRIPE + WINDOW
    }
  }
  return cut1 ? cut1 : cut2 ? cut2 : cut3
}
