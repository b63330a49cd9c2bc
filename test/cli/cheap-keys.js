import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

// Loaded into every program of the scripts: lets it find this machine slow when it measures what a password may cost, so
// that the keys it makes cost a fifth of a second less, each time they open a vault. Everything else is as users have it.

const { scrypt } = crypto
const now = performance.now.bind(performance)
let ahead = 0

crypto.scrypt = (password, ...rest) => {
  if (String(password) === 'measured') ahead += 10_000
  return scrypt(password, ...rest)
}
performance.now = () => now() + ahead
syncBuiltinESMExports()
