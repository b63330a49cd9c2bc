/** PostgreSQL servers into a point and back: captured as dumps or as files, restored, and held against what they were. */
export { captureServer, type CaptureOptions } from './capture-server.ts'
export { restoreServer } from './restore-server.ts'
export { restorePhysical, type PhysicalOptions } from './restore-physical.ts'
export { verifyServer } from './verify-server.ts'
