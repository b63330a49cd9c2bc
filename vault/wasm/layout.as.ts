// The first page of memory belongs to the code, everything from the second on to the caller.

/** u64[256]: what the chunker adds to reduce the byte that leaves on the left. */
export const MOD_TABLE: usize = 0
/** u64[256]: what a byte that has left the window still weighs, one step on. */
export const OUT_TABLE: usize = 2048
/** 16 bytes each, for the caller: r of the key, s of one message, a computed MAC. */
export const MAC_R: usize = 4096
export const MAC_PAD: usize = 4112
export const MAC_TAG: usize = 4128
/** u64[5]: the sum that Poly1305 carries, in limbs of 26 bits. */
export const SUM: usize = 4160
/** Four times u64[9]: r, r^2, r^3, r^4 in limbs of 26 bits, then limbs 1 to 4 times 5. */
export const POWERS: usize = 4224
/** Nine vectors: r^4 in all lanes. Then nine more: r^4, r^3, r^2, r. */
export const LANES: usize = 4608
/** 16 bytes, for the caller: the counter that a message begins with. */
export const CIPHER_IV: usize = 5120
/** 16 bytes each for 128 messages: their IVs, which the caller turns into what is added to their MACs. */
export const PADS: usize = 6144
/** 48 KiB of counters, which the caller turns into what is added to a message. */
export const KEYSTREAM: usize = 8192
