import { expect, it } from 'vitest'
import { baseBackupCommand } from './command.ts'

it('asks every server in the only form that it takes', () => {
  expect(baseBackupCommand(140_023, "it's")).toBe(
    "BASE_BACKUP LABEL 'it''s' FAST WAL NOWAIT TABLESPACE_MAP MANIFEST 'yes' MANIFEST_CHECKSUMS 'SHA256'",
  )
  expect(baseBackupCommand(150_000, 'x')).toBe(
    "BASE_BACKUP (LABEL 'x', CHECKPOINT 'fast', WAIT false, WAL true, TABLESPACE_MAP true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')",
  )
})
