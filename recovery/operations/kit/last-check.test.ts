import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { forgetKitCheck, lastKitCheck, rememberKitCheck } from './last-check.ts'

it('the last good check of a kit is known, until a code goes', async () => {
  const root = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-test-'))
  try {
    expect(await lastKitCheck({ root })).toBeUndefined()
    const key = { id: 'ab12', username: 'recovery code', inUse: true, isRecoveryCode: true, hostname: 'h' }
    const vaults = [{ vault: '/mnt/vault', verdict: 'good' as const, key: key as never }]
    const check = { vaults, missing: [], former: [], otherProject: undefined, ok: true }
    const at = new Date('2026-01-02T03:04:05Z')
    await rememberKitCheck({ root }, check, at)
    expect(await lastKitCheck({ root })).toEqual({ checkedAt: at, vaults: [{ location: '/mnt/vault', key: 'ab12' }] })
    await fs.writeFile(path.join(root, '.aidatavault', 'kit.json'), '{"checkedAt": 1}')
    expect(await lastKitCheck({ root })).toBeUndefined()
    await forgetKitCheck({ root })
    expect(await fs.readdir(path.join(root, '.aidatavault'))).toEqual(['.gitignore'])
  } finally {
    await fs.rm(root, { recursive: true })
  }
})
