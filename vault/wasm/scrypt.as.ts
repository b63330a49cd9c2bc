// AssemblyScript, compiled by build.ts into scrypt.wasm: the costly part of scrypt, ROMix of RFC 7914. The memory of one lane is
// its block of 128 * r bytes, a second one, one of zeros, and N more.
//
// Salsa20's words are kept as its diagonals, so that a vector holds four words that are treated alike: word i of 16 is
// word 5 * i modulo 16 as RFC 7914 writes them.

/** Runs ROMix over the block at `at`, which is as RFC 7914 writes it before and after. N is a power of 2. */
export function mixLane(at: usize, r: usize, N: u32): void {
  const size = 128 * r
  const other = at + size, zeros = other + size, kept = zeros + size
  toDiagonals(at, kept, r)
  for (let i: u32 = 1; i < N; i++) mix(kept + (i - 1) * size, zeros, kept + i * size, r)
  let pick = mix(kept + (N - 1) * size, zeros, at, r)
  for (let i: u32 = 0; i < N; i += 2) {
    pick = mix(at, kept + <usize>(pick & (N - 1)) * size, other, r)
    pick = mix(other, kept + <usize>(pick & (N - 1)) * size, at, r)
  }
  memory.copy(other, at, size)
  fromDiagonals(other, at, r)
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

/** BlockMix of the block at `from` XOR the one at `plus`, to `to`. Returns what Integerify makes of the result, modulo 2^32. */
function mix(from: usize, plus: usize, to: usize, r: usize): u32 {
  const last = (2 * r - 1) * 64
  let x0 = sumAt(from, plus, last), x1 = sumAt(from, plus, last + 16), x2 = sumAt(from, plus, last + 32), x3 = sumAt(from, plus, last + 48)
  for (let i: usize = 0; i < 2 * r; i++) {
    const part = i * 64
    const s0 = v128.xor(x0, sumAt(from, plus, part))
    const s1 = v128.xor(x1, sumAt(from, plus, part + 16))
    const s2 = v128.xor(x2, sumAt(from, plus, part + 32))
    const s3 = v128.xor(x3, sumAt(from, plus, part + 48))
    x0 = s0; x1 = s1; x2 = s2; x3 = s3
    for (let round = 0; round < 8; round += 2) {
      x1 = addRotated(x1, x0, x3, 7)
      x2 = addRotated(x2, x1, x0, 9)
      x3 = addRotated(x3, x2, x1, 13)
      x0 = addRotated(x0, x3, x2, 18)
      x1 = turn3(x1); x2 = turn2(x2); x3 = turn1(x3)
      x3 = addRotated(x3, x0, x1, 7)
      x2 = addRotated(x2, x3, x0, 9)
      x1 = addRotated(x1, x2, x3, 13)
      x0 = addRotated(x0, x1, x2, 18)
      x1 = turn1(x1); x2 = turn2(x2); x3 = turn3(x3)
    }
    x0 = v128.add<u32>(x0, s0); x1 = v128.add<u32>(x1, s1); x2 = v128.add<u32>(x2, s2); x3 = v128.add<u32>(x3, s3)
    // Even parts come first in the result, odd ones behind them.
    const place = to + ((i >> 1) + (i & 1) * r) * 64
    v128.store(place, x0); v128.store(place, x1, 16); v128.store(place, x2, 32); v128.store(place, x3, 48)
  }
  return v128.extract_lane<u32>(x0, 0)
}
