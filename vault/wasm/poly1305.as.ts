import { LANES, MAC_PAD, MAC_R, MAC_TAG, POWERS, SUM } from './layout.as'

// Poly1305 of RFC 8439. Numbers below 2^130 are five limbs of 26 bits, so that products and their sums fit 64 bits; what
// overflows 2^130 comes back at the bottom times 5. Four blocks are done at once, one in each lane of a vector: each lane
// is multiplied by r^4 a round, and in the last round by r^4, r^3, r^2 and r, which makes the lanes' sum the result.

const LIMB: u64 = 0x3ffffff
const POWER: usize = 72 // bytes of one entry of POWERS
const LANE: usize = 16

/** Prepares for the 16 bytes at MAC_R as r; bits that r must not have are ignored. */
export function macKey(): void {
  const t0 = u64(load<u32>(MAC_R)), t1 = u64(load<u32>(MAC_R, 4)), t2 = u64(load<u32>(MAC_R, 8)), t3 = u64(load<u32>(MAC_R, 12))
  store<u64>(SUM, t0 & 0x3ffffff)
  store<u64>(SUM, ((t1 << 6) | (t0 >> 26)) & 0x3ffff03, 8)
  store<u64>(SUM, ((t2 << 12) | (t1 >> 20)) & 0x3ffc0ff, 16)
  store<u64>(SUM, ((t3 << 18) | (t2 >> 14)) & 0x3f03fff, 24)
  store<u64>(SUM, (t3 >> 8) & 0xfffff, 32)
  storePower(0)
  for (let power: usize = 1; power < 4; power++) {
    multiplySum()
    storePower(power)
  }
  for (let limb: usize = 0; limb < 9; limb++) storeLanes(limb)
  macStart()
}

/** Keeps SUM as a power of r, r^1 at 0. */
function storePower(power: usize): void {
  const at = POWERS + power * POWER
  for (let limb: usize = 0; limb < 5; limb++) {
    const value = load<u64>(SUM + limb * 8)
    store<u64>(at + limb * 8, value)
    if (limb > 0) store<u64>(at + 32 + limb * 8, value * 5)
  }
}

function powerLimb(power: usize, limb: usize): u32 {
  return u32(load<u64>(POWERS + (power - 1) * POWER + limb * 8))
}

function storeLanes(limb: usize): void {
  let lanes = i32x4.splat(powerLimb(4, limb))
  v128.store(LANES + limb * LANE, lanes)
  lanes = i32x4.replace_lane(lanes, 1, powerLimb(3, limb))
  lanes = i32x4.replace_lane(lanes, 2, powerLimb(2, limb))
  lanes = i32x4.replace_lane(lanes, 3, powerLimb(1, limb))
  v128.store(LANES + (9 + limb) * LANE, lanes)
}

/** Begins a message. */
export function macStart(): void {
  memory.fill(SUM, 0, 40)
}

/** Takes `length` bytes of the message: a multiple of 16 but for the last call. */
export function macUpdate(from: usize, length: usize): void {
  const end = from + length
  const quads = length & ~63
  if (quads) absorbQuads(from, from + quads)
  from += quads
  for (; from + 16 <= end; from += 16) absorb(load<u64>(from), load<u64>(from, 8), 1 << 24)
  if (from < end) absorbPartial(from, end - from)
}

function absorbPartial(from: usize, length: usize): void {
  let low: u64 = 0, high: u64 = 0
  for (let i: usize = 0; i <= length; i++) {
    const byte = i < length ? u64(load<u8>(from + i)) : 1
    if (i < 8) low |= byte << (8 * i)
    else high |= byte << (8 * (i - 8))
  }
  absorb(low, high, 0)
}

function absorb(low: u64, high: u64, top: u64): void {
  store<u64>(SUM, load<u64>(SUM) + (low & LIMB))
  store<u64>(SUM, load<u64>(SUM, 8) + ((low >> 26) & LIMB), 8)
  store<u64>(SUM, load<u64>(SUM, 16) + (((low >> 52) | (high << 12)) & LIMB), 16)
  store<u64>(SUM, load<u64>(SUM, 24) + ((high >> 14) & LIMB), 24)
  store<u64>(SUM, load<u64>(SUM, 32) + ((high >> 40) | top), 32)
  multiplySum()
}

/** SUM times r. */
function multiplySum(): void {
  const h0 = load<u64>(SUM), h1 = load<u64>(SUM, 8), h2 = load<u64>(SUM, 16), h3 = load<u64>(SUM, 24), h4 = load<u64>(SUM, 32)
  const r0 = load<u64>(POWERS), r1 = load<u64>(POWERS, 8), r2 = load<u64>(POWERS, 16), r3 = load<u64>(POWERS, 24), r4 = load<u64>(POWERS, 32)
  const s1 = load<u64>(POWERS, 40), s2 = load<u64>(POWERS, 48), s3 = load<u64>(POWERS, 56), s4 = load<u64>(POWERS, 64)
  carrySum(
    h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1,
    h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2,
    h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3,
    h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4,
    h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0,
  )
}

/** Stores a number of oversized limbs as SUM; limb 1 may keep a few bits too many, which all users allow for. */
function carrySum(d0: u64, d1: u64, d2: u64, d3: u64, d4: u64): void {
  d1 += d0 >> 26
  d2 += d1 >> 26
  d3 += d2 >> 26
  d4 += d3 >> 26
  d0 = (d0 & LIMB) + (d4 >> 26) * 5
  store<u64>(SUM, d0 & LIMB)
  store<u64>(SUM, (d1 & LIMB) + (d0 >> 26), 8)
  store<u64>(SUM, d2 & LIMB, 16)
  store<u64>(SUM, d3 & LIMB, 24)
  store<u64>(SUM, d4 & LIMB, 32)
}

/** Writes the MAC of the message to MAC_TAG; its s are the 16 bytes at MAC_PAD. */
export function macFinish(): void {
  // Twice, so that every limb is below 2^26 at last and the number below 2^130.
  for (let i = 0; i < 2; i++)
    carrySum(load<u64>(SUM), load<u64>(SUM, 8), load<u64>(SUM, 16), load<u64>(SUM, 24), load<u64>(SUM, 32))
  subtractPrime()
  const h0 = load<u64>(SUM), h1 = load<u64>(SUM, 8), h2 = load<u64>(SUM, 16), h3 = load<u64>(SUM, 24), h4 = load<u64>(SUM, 32)
  let word = u64(u32(h0 | (h1 << 26))) + u64(load<u32>(MAC_PAD))
  store<u32>(MAC_TAG, u32(word))
  word = u64(u32((h1 >> 6) | (h2 << 20))) + u64(load<u32>(MAC_PAD, 4)) + (word >> 32)
  store<u32>(MAC_TAG, u32(word), 4)
  word = u64(u32((h2 >> 12) | (h3 << 14))) + u64(load<u32>(MAC_PAD, 8)) + (word >> 32)
  store<u32>(MAC_TAG, u32(word), 8)
  word = u64(u32((h3 >> 18) | (h4 << 8))) + u64(load<u32>(MAC_PAD, 12)) + (word >> 32)
  store<u32>(MAC_TAG, u32(word), 12)
}

/** SUM modulo 2^130 - 5, without a branch that would tell which it was. */
function subtractPrime(): void {
  const h0 = load<u64>(SUM), h1 = load<u64>(SUM, 8), h2 = load<u64>(SUM, 16), h3 = load<u64>(SUM, 24), h4 = load<u64>(SUM, 32)
  const g0 = h0 + 5
  const g1 = h1 + (g0 >> 26)
  const g2 = h2 + (g1 >> 26)
  const g3 = h3 + (g2 >> 26)
  const g4 = h4 + (g3 >> 26)
  const chosen: u64 = 0 - (g4 >> 26) // all ones if SUM + 5 reaches 2^130, else zero
  store<u64>(SUM, (h0 & ~chosen) | (g0 & LIMB & chosen))
  store<u64>(SUM, (h1 & ~chosen) | (g1 & LIMB & chosen), 8)
  store<u64>(SUM, (h2 & ~chosen) | (g2 & LIMB & chosen), 16)
  store<u64>(SUM, (h3 & ~chosen) | (g3 & LIMB & chosen), 24)
  store<u64>(SUM, (h4 & ~chosen) | (g4 & LIMB & chosen), 32)
}

// @ts-ignore: decorator
@inline function low(h0: v128, h1: v128, h2: v128, h3: v128, h4: v128, k0: v128, k1: v128, k2: v128, k3: v128, k4: v128): v128 {
  return i64x2.add(
    i64x2.add(i64x2.extmul_low_i32x4_u(h0, k0), i64x2.extmul_low_i32x4_u(h1, k1)),
    i64x2.add(i64x2.add(i64x2.extmul_low_i32x4_u(h2, k2), i64x2.extmul_low_i32x4_u(h3, k3)), i64x2.extmul_low_i32x4_u(h4, k4)),
  )
}

// @ts-ignore: decorator
@inline function high(h0: v128, h1: v128, h2: v128, h3: v128, h4: v128, k0: v128, k1: v128, k2: v128, k3: v128, k4: v128): v128 {
  return i64x2.add(
    i64x2.add(i64x2.extmul_high_i32x4_u(h0, k0), i64x2.extmul_high_i32x4_u(h1, k1)),
    i64x2.add(i64x2.add(i64x2.extmul_high_i32x4_u(h2, k2), i64x2.extmul_high_i32x4_u(h3, k3)), i64x2.extmul_high_i32x4_u(h4, k4)),
  )
}

// @ts-ignore: decorator
@inline function plusCarry(limb: v128, below: v128): v128 {
  return i64x2.add(limb, i64x2.shr_u(below, 26))
}

// @ts-ignore: decorator
@inline function plusCarryTimes5(limb: v128, above: v128): v128 {
  const carry = i64x2.shr_u(above, 26)
  return i64x2.add(limb, i64x2.add(carry, i64x2.shl(carry, 2)))
}

// @ts-ignore: decorator
@inline function loadSum(limb: usize): v128 {
  return i32x4.replace_lane(i32x4.splat(0), 0, u32(load<u64>(SUM + limb * 8)))
}

// @ts-ignore: decorator
@inline function addLanes(limbs: v128): u64 {
  return (
    u64(u32(i32x4.extract_lane(limbs, 0))) + u64(u32(i32x4.extract_lane(limbs, 1))) +
    u64(u32(i32x4.extract_lane(limbs, 2))) + u64(u32(i32x4.extract_lane(limbs, 3)))
  )
}

/** Blocks from `from` to `end`, a multiple of four of them. */
function absorbQuads(from: usize, end: usize): void {
  const limb = i32x4.splat(0x3ffffff), longLimb = i64x2.splat(0x3ffffff), top = i32x4.splat(1 << 24)
  let h0 = loadSum(0), h1 = loadSum(1), h2 = loadSum(2), h3 = loadSum(3), h4 = loadSum(4)
  let factors = LANES
  for (; from < end; from += 64) {
    if (from + 64 == end) factors = LANES + 9 * LANE
    // Four blocks of four words become four vectors, one for each word.
    const b0 = v128.load(from), b1 = v128.load(from, 16), b2 = v128.load(from, 32), b3 = v128.load(from, 48)
    const x0 = v128.shuffle<i32>(b0, b1, 0, 4, 1, 5), x1 = v128.shuffle<i32>(b2, b3, 0, 4, 1, 5)
    const x2 = v128.shuffle<i32>(b0, b1, 2, 6, 3, 7), x3 = v128.shuffle<i32>(b2, b3, 2, 6, 3, 7)
    const w0 = v128.shuffle<i64>(x0, x1, 0, 2), w1 = v128.shuffle<i64>(x0, x1, 1, 3)
    const w2 = v128.shuffle<i64>(x2, x3, 0, 2), w3 = v128.shuffle<i64>(x2, x3, 1, 3)
    h0 = i32x4.add(h0, v128.and(w0, limb))
    h1 = i32x4.add(h1, v128.and(v128.or(i32x4.shr_u(w0, 26), i32x4.shl(w1, 6)), limb))
    h2 = i32x4.add(h2, v128.and(v128.or(i32x4.shr_u(w1, 20), i32x4.shl(w2, 12)), limb))
    h3 = i32x4.add(h3, v128.and(v128.or(i32x4.shr_u(w2, 14), i32x4.shl(w3, 18)), limb))
    h4 = i32x4.add(h4, v128.or(i32x4.shr_u(w3, 8), top))
    const r0 = v128.load(factors, 0), r1 = v128.load(factors, 16), r2 = v128.load(factors, 32), r3 = v128.load(factors, 48)
    const r4 = v128.load(factors, 64), s1 = v128.load(factors, 80), s2 = v128.load(factors, 96), s3 = v128.load(factors, 112)
    const s4 = v128.load(factors, 128)
    let a0 = low(h0, h1, h2, h3, h4, r0, s4, s3, s2, s1), c0 = high(h0, h1, h2, h3, h4, r0, s4, s3, s2, s1)
    let a1 = low(h0, h1, h2, h3, h4, r1, r0, s4, s3, s2), c1 = high(h0, h1, h2, h3, h4, r1, r0, s4, s3, s2)
    let a2 = low(h0, h1, h2, h3, h4, r2, r1, r0, s4, s3), c2 = high(h0, h1, h2, h3, h4, r2, r1, r0, s4, s3)
    let a3 = low(h0, h1, h2, h3, h4, r3, r2, r1, r0, s4), c3 = high(h0, h1, h2, h3, h4, r3, r2, r1, r0, s4)
    let a4 = low(h0, h1, h2, h3, h4, r4, r3, r2, r1, r0), c4 = high(h0, h1, h2, h3, h4, r4, r3, r2, r1, r0)
    // Two chains of carries side by side, 0 1 2 3 4 and 3 4 0 1; limbs 1 and 4 may keep a bit too many.
    a1 = plusCarry(a1, a0); a0 = v128.and(a0, longLimb); c1 = plusCarry(c1, c0); c0 = v128.and(c0, longLimb)
    a4 = plusCarry(a4, a3); a3 = v128.and(a3, longLimb); c4 = plusCarry(c4, c3); c3 = v128.and(c3, longLimb)
    a2 = plusCarry(a2, a1); a1 = v128.and(a1, longLimb); c2 = plusCarry(c2, c1); c1 = v128.and(c1, longLimb)
    a0 = plusCarryTimes5(a0, a4); a4 = v128.and(a4, longLimb); c0 = plusCarryTimes5(c0, c4); c4 = v128.and(c4, longLimb)
    a3 = plusCarry(a3, a2); a2 = v128.and(a2, longLimb); c3 = plusCarry(c3, c2); c2 = v128.and(c2, longLimb)
    a1 = plusCarry(a1, a0); a0 = v128.and(a0, longLimb); c1 = plusCarry(c1, c0); c0 = v128.and(c0, longLimb)
    a4 = plusCarry(a4, a3); a3 = v128.and(a3, longLimb); c4 = plusCarry(c4, c3); c3 = v128.and(c3, longLimb)
    h0 = v128.shuffle<i32>(a0, c0, 0, 2, 4, 6)
    h1 = v128.shuffle<i32>(a1, c1, 0, 2, 4, 6)
    h2 = v128.shuffle<i32>(a2, c2, 0, 2, 4, 6)
    h3 = v128.shuffle<i32>(a3, c3, 0, 2, 4, 6)
    h4 = v128.shuffle<i32>(a4, c4, 0, 2, 4, 6)
  }
  carrySum(addLanes(h0), addLanes(h1), addLanes(h2), addLanes(h3), addLanes(h4))
}
