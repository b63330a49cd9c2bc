import { openStorage, openVault } from '../../vault/index.ts'
import { password } from './restic.ts'
import { details } from './vault.ts'

// A program of its own, to be killed: saves a folder into the vault at a location. usage: save-once.ts LOCATION FOLDER

const [location, folder] = process.argv.slice(2)
const vault = await openVault(openStorage(location!), { password })
await vault.withUploader({}, async uploader => {
  await uploader.saveFolder('folder', folder!)
  await uploader.publish({ ...details, time: new Date() })
})
await vault.close()
