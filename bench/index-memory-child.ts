import { openStorage, openVault } from '../vault/index.ts'

// node bench/index-memory-child.ts list VAULT | restore VAULT TARGET | backup VAULT FOLDER | check VAULT

const [action, location, folder] = process.argv.slice(2) as [string, string, string]
const details = { hostname: 'bench', username: 'bench', tags: [], programVersion: 'bench' }
const vault = await openVault(openStorage(location), { password: process.env['AIDATAVAULT_PASSWORD']! })

switch (action) {
  case 'list':
    await vault.listFolder(await vault.findSnapshot('latest'), '')
    break
  case 'restore':
    await vault.restoreFolder(
      await vault.findSnapshot('latest'),
      '',
      folder,
      { select: path => Buffer.from(path).toString() === 'file-7' },
      {},
    )
    break
  case 'backup': {
    const snapshot = (await vault.listSnapshots()).at(-1)
    await vault.withUploader({}, async uploader => {
      await uploader.saveFolder('', folder, snapshot ? { like: { snapshot, path: '' } } : {})
      await uploader.publish({ ...details, time: new Date(), paths: [folder] })
    })
    break
  }
  case 'check': {
    const { problems } = await vault.check({ readData: false }, {})
    if (problems.length > 0) throw new Error(JSON.stringify(problems.slice(0, 3)))
  }
}
await vault.close()
