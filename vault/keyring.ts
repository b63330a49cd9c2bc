import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { deriveKey, type VaultKey } from './crypto/keys.ts'
import { nodeScrypt, type Scrypt } from './crypto/scrypt.ts'
import { isWorthThreads, threadedScrypt } from './crypto/threaded-scrypt.ts'
import { seal, unseal } from './crypto/seal.ts'
import { VaultError } from './errors.ts'
import { idOf } from './format/id.ts'
import { encodeKeyFile, encodeMasterKey, parseKeyFile, parseMasterKey, type KeyFile } from './format/key-file.ts'
import type { Storage } from './storage/storage.ts'
import type { KeyInfo } from './types.ts'

/** What deriving a key from a password costs: scrypt's parameters. */
export interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** A file in keys/, as far as it can be used. */
export interface FoundKey {
  readonly id: string
  /** Its content is what its name says. */
  readonly intact: boolean
  readonly file?: KeyFile
  /** Why there is no `file`. */
  readonly error?: unknown
}

/** The master key, as the password of one key file opens it. */
export interface OpenedKey {
  readonly id: string
  readonly key: VaultKey
}

/**
 * All key files, also those that nobody can use: one bad file among them must not lock anybody out, as it does with
 * restic. Intact ones come first, and among them those that are tried soonest.
 */
export async function findKeys(storage: Storage): Promise<FoundKey[]> {
  const files = await storage.list('keys')
  const keys = await Promise.all(files.map(({ name }) => readKey(storage, name)))
  return keys.toSorted((a, b) => Number(b.intact) - Number(a.intact) || costOf(a) - costOf(b))
}

const costOf = ({ file }: FoundKey): number => (file ? file.scrypt.N * file.scrypt.r * file.scrypt.p : Infinity)

async function readKey(storage: Storage, id: string): Promise<FoundKey> {
  try {
    const bytes = await storage.load('keys', id)
    return { id, intact: idOf(bytes) === id, file: parseKeyFile(bytes) }
  } catch (error) {
    return { id, intact: false, error }
  }
}

/** The master keys that `password` opens, one by one; each attempt takes as long as its scrypt does. */
export async function* openKeys(
  keys: readonly FoundKey[],
  password: string,
  quickScrypt: Scrypt = threadedScrypt,
): AsyncGenerator<OpenedKey> {
  const files = keys.flatMap(({ id, file }) => (file ? [{ id, file, quick: isWorthThreads(file.scrypt) }] : []))
  let opened = false
  for (const { id, file, quick } of files) {
    const key = await openKey(file, password, quick ? quickScrypt : nodeScrypt)
    opened ||= key !== undefined
    if (key) yield { id, key }
  }
  if (opened) return
  // Nobody shall be locked out by a fault of what is only quicker.
  for (const { id, file } of files.filter(({ quick }) => quick)) {
    const key = await openKey(file, password, nodeScrypt)
    if (key) yield { id, key }
  }
}

// A MAC that does not match is the wrong password (or a damaged file, which looks the same).
async function openKey(file: KeyFile, password: string, scrypt: Scrypt): Promise<VaultKey | undefined> {
  const wrapping = await deriveKey(password, file.scrypt, scrypt)
  try {
    return parseMasterKey(unseal(wrapping, file.data))
  } catch (error) {
    if (error instanceof VaultError && error.code === 'vault-damaged') return undefined
    throw error
  }
}

export interface NewKey {
  readonly password: string
  readonly username: string
  readonly hostname?: string
  /** Default: measured on this machine. */
  readonly scrypt?: ScryptCost
}

/** Stores a key file that lets `password` open the vault; returns its id. */
export async function saveKey(storage: Storage, master: VaultKey, wanted: NewKey): Promise<string> {
  if (wanted.password === '')
    throw new VaultError('bad-input', 'an empty password protects nothing', { hint: 'choose a long one' })
  const scrypt = { ...(wanted.scrypt ?? (await measuredCost())), salt: randomBytes(64) }
  // Node's scrypt: a key must open with what others have, and whoever opens it next tries ours.
  const wrapping = await deriveKey(wanted.password, scrypt)
  const data = seal(wrapping, encodeMasterKey(master))
  const owner = { created: new Date(), username: wanted.username, hostname: wanted.hostname ?? hostname() }
  const bytes = encodeKeyFile({ ...owner, scrypt, data })
  await storage.save('keys', idOf(bytes), bytes)
  return idOf(bytes)
}

const targetMs = 400

/** Parameters that cost somebody who tries passwords 32 MiB and about 400 ms of a machine like this one for each. */
export async function measuredCost(): Promise<ScryptCost> {
  const base = { N: 32768, r: 8, p: 1 }
  const begin = performance.now()
  await deriveKey('measured', { ...base, salt: Buffer.alloc(64) })
  const ms = performance.now() - begin
  return { ...base, p: Math.max(1, Math.min(16, Math.round(targetMs / ms))) }
}

/** The key files that can be read. */
export async function listKeys(storage: Storage): Promise<KeyInfo[]> {
  const keys = await findKeys(storage)
  return keys.flatMap(({ id, file }) =>
    file ? [{ id, username: file.username, hostname: file.hostname, created: file.created }] : [],
  )
}
