/**
 * Volumes and bind mounts that hold no database: every file with owner, mode, times and links. Where their folder can be
 * reached they are read and written in place, else through the container engine.
 */
export { volumesToCapture } from '../elsewhere.ts'
export { volumeInPoint } from './layout.ts'
export { coldCapture } from './cold-capture.ts'
export { readServerFiles } from './server-files.ts'
export { captureVolume } from './capture-volume.ts'
export { restoreVolume } from './restore-volume.ts'
export type { VolumeTarget } from './restore-volume.ts'
export { compareVolume, verifyVolume } from './verify-volume.ts'
