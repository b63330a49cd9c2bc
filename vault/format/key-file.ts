import type { VaultKey } from '../crypto/keys.ts'
import type { ScryptParameters } from '../crypto/scrypt.ts'
import { damaged, unsupported } from './damaged.ts'
import { encodeGoString } from './go-string.ts'
import { parseJson } from './json.ts'
import { JsonObject } from './json-object.ts'
import { dateOfTime, formatTime, timeOfDate } from './time.ts'

/** A file in keys/: the master key, sealed under a key that scrypt makes of a password. */
export interface KeyFile {
  readonly created: Date | undefined
  readonly username: string
  readonly hostname: string
  readonly scrypt: ScryptParameters
  /** The sealed JSON of the master key. */
  readonly data: Buffer
}

const names = new Set(['created', 'username', 'hostname', 'kdf', 'n', 'r', 'p', 'salt', 'data'])
const what = 'a key file'

/** Reads a key file as it lies in storage (it is not sealed). */
export function parseKeyFile(bytes: Uint8Array): KeyFile {
  const object = new JsonObject(parseJson(bytes, what), what, names)
  if (object.text('kdf') !== 'scrypt') throw unsupported(`${what} has an unknown way of key derivation`)
  const data = object.bytes('data')
  if (data.length < 32) throw damaged(`${what} holds no key`)
  return {
    created: object.raw('created') === undefined ? undefined : dateOfTime(object.time('created')),
    username: object.text('username'),
    hostname: object.text('hostname'),
    scrypt: parseScrypt(object),
    data,
  }
}

// Beyond what anyone uses; whoever can write a key file must not be able to take all memory or hours of the one who opens it.
const maxScryptMemory = 2 ** 30
const maxScryptWork = 2 ** 28

function parseScrypt(object: JsonObject): ScryptParameters {
  const [N, r, p, salt] = [object.uint('n'), object.uint('r'), object.uint('p'), object.bytes('salt')]
  if (N < 2 || (N & (N - 1)) !== 0 || N > 2 ** 30 || r < 1 || p < 1)
    throw damaged(`${what} has invalid scrypt parameters`)
  if (salt.length !== 64) throw damaged(`${what} has a salt of ${salt.length} bytes instead of 64`)
  if (128 * N * r > maxScryptMemory || 128 * r * p > maxScryptMemory || N * r * p > maxScryptWork)
    throw unsupported(`${what} asks for more memory or time than is reasonable (N=${N}, r=${r}, p=${p})`)
  return { N, r, p, salt }
}

export function encodeKeyFile({ created, username, hostname, scrypt: { N, r, p, salt }, data }: KeyFile): Buffer {
  const time = created ? `"created":"${formatTime(timeOfDate(created))}",` : ''
  return Buffer.from(
    `{${time}"username":${encodeGoString(username)},"hostname":${encodeGoString(hostname)},"kdf":"scrypt",` +
      `"N":${N},"r":${r},"p":${p},"salt":"${base64(salt)}","data":"${base64(data)}"}`,
  )
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

const masterNames = new Set(['mac', 'encrypt'])
const macNames = new Set(['k', 'r'])

/** Reads the master key from the unsealed `data` of a key file. Keys with a part of zeros only are refused, as in restic. */
export function parseMasterKey(bytes: Uint8Array): VaultKey {
  const object = new JsonObject(parseJson(bytes, 'the master key'), 'the master key', masterNames)
  const mac = new JsonObject(object.raw('mac'), 'the master key', macNames)
  return {
    encrypt: keyPart(object.bytes('encrypt'), 32),
    k: keyPart(mac.bytes('k'), 16),
    r: keyPart(mac.bytes('r'), 16),
  }
}

function keyPart(bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length || bytes.every(byte => byte === 0)) throw damaged('the master key is invalid')
  return bytes
}

export const encodeMasterKey = ({ encrypt, k, r }: VaultKey): Buffer =>
  Buffer.from(`{"mac":{"k":"${base64(k)}","r":"${base64(r)}"},"encrypt":"${base64(encrypt)}"}`)
