import path from 'node:path'
import { describe, expect, it } from 'vitest'
import fs from 'node:fs'
import { openStorage, openVault } from '../../vault/index.ts'
import { password, Restic, scratchFolder, skipsInterop } from './restic.ts'
import { newVault } from './vault.ts'

const strange = 'pässwörd with spaces \u{1f600} "$`\\'

describe.skipIf(skipsInterop)('passwords', () => {
  it('that we add open the vault for restic', async () => {
    using scratch = scratchFolder()
    const location = path.join(scratch.path, 'vault')
    const vault = await newVault(location)
    const id = await vault.addKey(strange, 'second')
    const keys = new Restic(location, { RESTIC_PASSWORD: strange }).json<
      { current: boolean; id: string; userName: string }[]
    >('key', 'list')
    expect(keys).toHaveLength(2)
    expect(keys.find(({ current }) => current)).toMatchObject({ id, userName: 'second' })
    await vault.close()
  })

  it('that restic adds or changes open it for us, and the old one no longer does', async () => {
    using scratch = scratchFolder()
    const restic = new Restic(path.join(scratch.path, 'repository'))
    restic.run('init')
    const file = path.join(scratch.path, 'new-password')
    fs.writeFileSync(file, strange)
    restic.run('key', 'add', '--new-password-file', file)
    for (const known of [password, strange])
      await (await openVault(openStorage(restic.location), { password: known })).close()
    fs.writeFileSync(file, 'third')
    restic.run('key', 'passwd', '--new-password-file', file)
    await (await openVault(openStorage(restic.location), { password: 'third' })).close()
    await expect(openVault(openStorage(restic.location), { password })).rejects.toMatchObject({
      code: 'wrong-password',
    })
  })

  it('that are wrong open it for neither', async () => {
    using scratch = scratchFolder()
    const location = path.join(scratch.path, 'vault')
    await (await newVault(location)).close()
    expect(new Restic(location, { RESTIC_PASSWORD: 'wrong' }).try('snapshots').status).toBe(12)
  })
})
