import { readFile } from 'node:fs/promises'
import { VaultError } from '../errors.ts'

/** What Node's TLS takes. */
export interface TlsSettings {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

/** Certificates in files that restic's variables name; they are read at the first connection. */
export class TlsFiles {
  readonly #authority: string | undefined
  readonly #client: string | undefined

  /** RESTIC_CACERT: the authority to trust instead of the usual ones; RESTIC_TLS_CLIENT_CERT: our own certificate and its key. */
  constructor(env: NodeJS.ProcessEnv) {
    this.#authority = env['RESTIC_CACERT'] || undefined
    this.#client = env['RESTIC_TLS_CLIENT_CERT'] || undefined
  }

  /** Rejects with bad-input when a file cannot be read. */
  async read(): Promise<TlsSettings> {
    const ca = this.#authority === undefined ? undefined : await readPem(this.#authority, 'RESTIC_CACERT')
    const client = this.#client === undefined ? undefined : await readPem(this.#client, 'RESTIC_TLS_CLIENT_CERT')
    return { ...(ca && { ca }), ...(client && { cert: client, key: client }) }
  }
}

const readPem = (file: string, variable: string): Promise<Buffer> =>
  readFile(file).catch((cause: unknown) => {
    throw new VaultError('bad-input', `the file that ${variable} names cannot be read: ${file}`, {
      hint: 'name a file with certificates in PEM form',
      cause,
    })
  })
