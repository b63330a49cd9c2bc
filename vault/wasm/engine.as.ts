// AssemblyScript, compiled by build.ts into engine.wasm: what Node has no fast way to do, the content-defined cutting of
// restic and Poly1305. Nothing is allocated; all addresses are the caller's.

export { MOD_TABLE, OUT_TABLE, MAC_R, MAC_PAD, MAC_TAG } from './layout.as'
export { setLimits, nextCut } from './chunker.as'
export { macKey, macStart, macUpdate, macFinish } from './poly1305.as'
