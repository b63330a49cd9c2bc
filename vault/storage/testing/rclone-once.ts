import { openStorage } from '../location.ts'

// node rclone-once.ts LOCATION: uses the vault once, says so, and stays until it is killed.
const storage = openStorage(process.argv[2]!)
await storage.prepare()
console.log('in use')
