// AssemblyScript, compiled by build.ts into engine.wasm: what Node has no fast way to do, the content-defined cutting of
// restic, Poly1305, and the cheap half of counter mode. Nothing is allocated; all addresses are the caller's.

export { MOD_TABLE, OUT_TABLE, MAC_R, MAC_PAD, MAC_TAG, CIPHER_IV, PADS, KEYSTREAM } from './layout.as'
export { setLimits, nextCut } from './chunker.as'
export { macKey, macStart, macUpdate, macFinish } from './poly1305.as'
export { beginMessage, sealMessage, openMessage } from './messages.as'
export { putCounters, addKeystream } from './keystream.as'
