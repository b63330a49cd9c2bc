import { once } from 'node:events'
import { parseSftpLocation } from '../sftp/location.ts'
import { SftpStorage } from '../sftp/sftp.ts'

// A program of its own that uses a vault on an sftp server. usage: use-sftp.ts LOCATION leave|wait

const [location, how] = process.argv.slice(2)
const storage = new SftpStorage(parseSftpLocation(location!), { env: process.env })
const interrupted = once(process, 'SIGINT')
await storage.list('keys')
process.stdout.write('open\n')
if (how === 'wait') {
  const waiting = setInterval(() => {}, 1000)
  await interrupted
  await storage.list('keys')
  process.stdout.write('interrupted, and still connected\n')
  clearInterval(waiting)
  await storage.close()
}
