// AssemblyScript, compiled by build.ts into scrypt.wasm: the costly part of scrypt, ROMix of RFC 7914. Two lanes are worked on
// side by side, since each step of Salsa20 waits for the one before it and leaves half of the processor idle. A lane's
// memory is, at `at` and again `stride` bytes later: its block of 128 * r bytes, a second one, one of zeros, and N more.
//
// Salsa20's words are kept as its diagonals, so that a vector holds four words that are treated alike: word i of 16 is
// word 5 * i modulo 16 as RFC 7914 writes them.

/** Runs ROMix over the blocks of both lanes, which are as RFC 7914 writes them before and after. N is a power of 2. */
export function mixLanes(at: usize, stride: usize, r: usize, N: u32): void {
  const size = 128 * r
  const other = at + size, zeros = other + size, kept = zeros + size
  for (let lane: usize = 0; lane < 2; lane++) toDiagonals(at + lane * stride, kept + lane * stride, r)
  for (let i: u32 = 1; i < N; i++) mix(kept + (i - 1) * size, zeros, zeros, kept + i * size, stride, r)
  let picks = mix(kept + (N - 1) * size, zeros, zeros, at, stride, r)
  for (let i: u32 = 0; i < N; i += 2) {
    picks = mix(at, kept + pick(picks, N) * size, kept + pick(picks >> 32, N) * size, other, stride, r)
    picks = mix(other, kept + pick(picks, N) * size, kept + pick(picks >> 32, N) * size, at, stride, r)
  }
  for (let lane: usize = 0; lane < 2; lane++) {
    memory.copy(other + lane * stride, at + lane * stride, size)
    fromDiagonals(other + lane * stride, at + lane * stride, r)
  }
}

// @ts-ignore: decorator
@inline function pick(word: u64, N: u32): usize {
  return <u32>word & (N - 1)
}

function toDiagonals(from: usize, to: usize, r: usize): void {
  for (let word: usize = 0; word < 32 * r; word++) store<u32>(to + (word << 2), load<u32>(from + (diagonal(word) << 2)))
}

function fromDiagonals(from: usize, to: usize, r: usize): void {
  for (let word: usize = 0; word < 32 * r; word++) store<u32>(to + (diagonal(word) << 2), load<u32>(from + (word << 2)))
}

// @ts-ignore: decorator
@inline function diagonal(word: usize): usize {
  return (word & ~15) | ((5 * word) & 15)
}

// @ts-ignore: decorator
@inline function addRotated(x: v128, a: v128, b: v128, by: i32): v128 {
  const sum = v128.add<u32>(a, b)
  return v128.xor(v128.xor(x, v128.shl<u32>(sum, by)), v128.shr<u32>(sum, 32 - by))
}

// @ts-ignore: decorator
@inline function turn1(x: v128): v128 {
  return v128.shuffle<u32>(x, x, 1, 2, 3, 0)
}

// @ts-ignore: decorator
@inline function turn2(x: v128): v128 {
  return v128.shuffle<u32>(x, x, 2, 3, 0, 1)
}

// @ts-ignore: decorator
@inline function turn3(x: v128): v128 {
  return v128.shuffle<u32>(x, x, 3, 0, 1, 2)
}

// @ts-ignore: decorator
@inline function sumAt(a: usize, b: usize, offset: usize): v128 {
  return v128.xor(v128.load(a + offset), v128.load(b + offset))
}

/**
 * BlockMix of both lanes: of the block at `from` XOR that at `withX`, to `to`; for the second lane of the one at `from` +
 * `stride` XOR that at `withY` + `stride`, to `to` + `stride`. Returns what Integerify makes of the results: 32 bits of the
 * first lane's and, above them, 32 of the second's.
 */
function mix(from: usize, withX: usize, withY: usize, to: usize, stride: usize, r: usize): u64 {
  const fromY = from + stride
  withY += stride
  const last = (2 * r - 1) * 64
  let x0 = sumAt(from, withX, last), x1 = sumAt(from, withX, last + 16), x2 = sumAt(from, withX, last + 32), x3 = sumAt(from, withX, last + 48)
  let y0 = sumAt(fromY, withY, last), y1 = sumAt(fromY, withY, last + 16), y2 = sumAt(fromY, withY, last + 32), y3 = sumAt(fromY, withY, last + 48)
  for (let i: usize = 0; i < 2 * r; i++) {
    const part = i * 64
    // Even parts come first in the result, odd ones behind them.
    const x = to + ((i >> 1) + (i & 1) * r) * 64
    const y = x + stride
    x0 = v128.xor(x0, sumAt(from, withX, part))
    x1 = v128.xor(x1, sumAt(from, withX, part + 16))
    x2 = v128.xor(x2, sumAt(from, withX, part + 32))
    x3 = v128.xor(x3, sumAt(from, withX, part + 48))
    y0 = v128.xor(y0, sumAt(fromY, withY, part))
    y1 = v128.xor(y1, sumAt(fromY, withY, part + 16))
    y2 = v128.xor(y2, sumAt(fromY, withY, part + 32))
    y3 = v128.xor(y3, sumAt(fromY, withY, part + 48))
    // Salsa20/8 adds what it began with; there are no registers left to keep that in.
    v128.store(x, x0); v128.store(x, x1, 16); v128.store(x, x2, 32); v128.store(x, x3, 48)
    v128.store(y, y0); v128.store(y, y1, 16); v128.store(y, y2, 32); v128.store(y, y3, 48)
    for (let round = 0; round < 8; round += 2) {
      x1 = addRotated(x1, x0, x3, 7)
      y1 = addRotated(y1, y0, y3, 7)
      x2 = addRotated(x2, x1, x0, 9)
      y2 = addRotated(y2, y1, y0, 9)
      x3 = addRotated(x3, x2, x1, 13)
      y3 = addRotated(y3, y2, y1, 13)
      x0 = addRotated(x0, x3, x2, 18)
      y0 = addRotated(y0, y3, y2, 18)
      x1 = turn3(x1); x2 = turn2(x2); x3 = turn1(x3)
      y1 = turn3(y1); y2 = turn2(y2); y3 = turn1(y3)
      x3 = addRotated(x3, x0, x1, 7)
      y3 = addRotated(y3, y0, y1, 7)
      x2 = addRotated(x2, x3, x0, 9)
      y2 = addRotated(y2, y3, y0, 9)
      x1 = addRotated(x1, x2, x3, 13)
      y1 = addRotated(y1, y2, y3, 13)
      x0 = addRotated(x0, x1, x2, 18)
      y0 = addRotated(y0, y1, y2, 18)
      x1 = turn1(x1); x2 = turn2(x2); x3 = turn3(x3)
      y1 = turn1(y1); y2 = turn2(y2); y3 = turn3(y3)
    }
    x0 = v128.add<u32>(x0, v128.load(x)); x1 = v128.add<u32>(x1, v128.load(x, 16)); x2 = v128.add<u32>(x2, v128.load(x, 32)); x3 = v128.add<u32>(x3, v128.load(x, 48))
    y0 = v128.add<u32>(y0, v128.load(y)); y1 = v128.add<u32>(y1, v128.load(y, 16)); y2 = v128.add<u32>(y2, v128.load(y, 32)); y3 = v128.add<u32>(y3, v128.load(y, 48))
    v128.store(x, x0); v128.store(x, x1, 16); v128.store(x, x2, 32); v128.store(x, x3, 48)
    v128.store(y, y0); v128.store(y, y1, 16); v128.store(y, y2, 32); v128.store(y, y3, 48)
  }
  return <u64>v128.extract_lane<u32>(x0, 0) | (<u64>v128.extract_lane<u32>(y0, 0) << 32)
}
