import fs from 'node:fs'
import process from 'node:process'
import { lookAhead, openStorage, openVault, VaultError, type Snapshot, type Vault } from '../../vault/index.ts'

// node bench/engine/ours.js backup VAULT FOLDER | stream VAULT | restore VAULT TARGET | check VAULT
// What a backup of the program asks of the vault's engine, and nothing else. The password is in AIDATAVAULT_PASSWORD.

const [action, location, folder] = process.argv.slice(2) as [string, string, string]
const details = { hostname: 'bench', username: 'bench', tags: [], programVersion: 'bench' }

const actions: Record<string, (vault: Vault) => Promise<unknown>> = {
  async backup(vault) {
    const time = new Date()
    const snapshot = await latest(vault)
    const like = snapshot && { snapshot, path: '' }
    await vault.withUploader({}, async uploader => {
      await uploader.saveFolder('', folder, { ...(like && { like }), ...(looking && { looking }) })
      const parent = snapshot && { parent: snapshot.id }
      await uploader.publish({ ...details, time, paths: [folder], ...parent })
    })
  },
  stream: vault =>
    vault.withUploader({}, async uploader => {
      await uploader.saveStream('stdin', { fd: 0 })
      await uploader.publish({ ...details, time: new Date(), paths: ['/stdin'] })
    }),
  async restore(vault) {
    const existing = fs.existsSync(folder) && fs.readdirSync(folder).length > 0 ? 'merge' : 'refuse'
    const { warnings } = await vault.restoreFolder((await latest(vault))!, '', folder, { existing }, {})
    if (warnings.length > 0) throw new Error(warnings.join('\n'))
  },
  async check(vault) {
    const { problems } = await vault.check({ readData: true }, {})
    if (problems.length > 0) throw new Error(JSON.stringify(problems))
  },
}

async function latest(vault: Vault): Promise<Snapshot | undefined> {
  return vault.findSnapshot('latest').catch((error: unknown) => {
    if (error instanceof VaultError && error.code === 'point-unknown') return undefined
    throw error
  })
}

const password = process.env['AIDATAVAULT_PASSWORD']!
// A backup of the program looks at files while it opens its vault, where nothing has to be stopped first.
const looking = action === 'backup' ? lookAhead(folder) : undefined
try {
  const vault = await openVault(openStorage(location), { password, readsAll: action === 'check' })
  await actions[action]!(vault)
  await vault.close()
} finally {
  await looking?.end()
}
