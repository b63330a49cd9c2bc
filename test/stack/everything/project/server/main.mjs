// Says which secrets it was started with, as their fingerprint, and what was uploaded.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { readdirSync, readFileSync } from 'node:fs'

const names = Object.keys(process.env).filter(name => /^(DB_|APP_|POSTGRES_)/.test(name))
const secrets = names.sort().map(name => `${name}=${process.env[name]}`)
const signingKey = readFileSync('/run/secrets/signing_key')
const fingerprint = createHash('sha256').update(secrets.join('\0')).update(signingKey).digest('hex')

createServer((_request, response) =>
  response.end(JSON.stringify({ fingerprint, uploads: readdirSync('/uploads', 'latin1').length })),
).listen(8080)
process.on('SIGTERM', () => process.exit())
