import { createHash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import { VaultError } from '../errors.ts'
import { isId } from '../format/id.ts'
import { patience, type HttpPatience } from './http-client.ts'
import { storagePath } from './layout.ts'
import { partOf } from './part-of.ts'
import { loadS3Library, newS3Client, type S3Library } from './s3-client.ts'
import { bareError, s3Failure, statusOf, type S3Refusal } from './s3-failure.ts'
import type { S3Place } from './s3-location.ts'
import { throttled } from './s3-throttle.ts'
import type { FileType, Storage, StoredFile } from './storage.ts'
import type { Throttles } from './throttle.ts'

interface Connection {
  readonly library: S3Library
  readonly client: S3Client
}

/** A vault in a bucket of Amazon S3 or of any server that speaks its protocol, with restic's layout. */
export class S3Storage implements Storage {
  readonly location: string
  readonly connections = 5
  readonly #place: S3Place
  readonly #env: NodeJS.ProcessEnv
  readonly #patience: HttpPatience
  readonly #throttles: Throttles
  #region: string
  #connection: Promise<Connection> | undefined

  constructor(place: S3Place, env: NodeJS.ProcessEnv, wait: HttpPatience = patience, throttles: Throttles = {}) {
    this.location = place.location
    this.#place = place
    this.#env = env
    this.#patience = wait
    this.#throttles = throttles
    this.#region = place.region
  }

  async prepare(): Promise<void> {
    const { bucket, isAmazon } = this.#place
    const there = await this.#send('look for the bucket', async ({ library, client }) => {
      await client.send(new library.HeadBucketCommand({ Bucket: bucket }))
      return true
    }).catch((error: unknown) => {
      const status = statusOf((error as VaultError).cause)
      if (status === 404) return false
      // Keys that may use a bucket need not be allowed to look at it.
      if (status === 403) return true
      throw error
    })
    if (there) return
    await this.#send('make the bucket', async ({ library, client }) => {
      // Amazon makes buckets elsewhere unless it is told; others may not know its regions.
      const elsewhere = isAmazon && this.#region !== 'us-east-1'
      const configuration = { LocationConstraint: this.#region as 'eu-central-1' }
      await client
        .send(
          new library.CreateBucketCommand({
            Bucket: bucket,
            ...(elsewhere && { CreateBucketConfiguration: configuration }),
          }),
        )
        .catch((error: unknown) => {
          if ((error as Error).name !== 'BucketAlreadyOwnedByYou') throw error
        })
    })
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    if (type === 'config') {
      const size = await this.size('config', '')
      return size === undefined ? [] : [{ name: '', size }]
    }
    const files: StoredFile[] = []
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const page = await this.#listPage(type, token)
      files.push(...page.files)
      token = page.next
    }
    return files
  }

  async size(type: FileType, name: string): Promise<number | undefined> {
    return this.#send(`look for ${storagePath(type, name)}`, async ({ library, client }) => {
      try {
        return (await client.send(new library.HeadObjectCommand(this.#object(type, name)))).ContentLength
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        throw error
      }
    })
  }

  async load(type: FileType, name: string): Promise<Buffer> {
    return (await this.#get(type, name)).body
  }

  async loadPart(type: FileType, name: string, offset: number, length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0)
    const answer = await this.#get(type, name, `bytes=${offset}-${offset + length - 1}`)
    return partOf(answer, offset, length, storagePath(type, name))
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    if (type !== 'config' && !isId(name)) throw new VaultError('bad-input', `not a name of a vault's file: ${name}`)
    await this.#send(`write ${storagePath(type, name)}`, async ({ library, client }) => {
      const ContentMD5 = createHash('md5').update(bytes).digest('base64')
      const content = { Body: bytes, ContentLength: bytes.length, ContentMD5, ContentType: 'application/octet-stream' }
      await client.send(new library.PutObjectCommand({ ...this.#object(type, name), ...content }))
    })
  }

  async remove(type: FileType, name: string): Promise<void> {
    await this.#send(`remove ${storagePath(type, name)}`, async ({ library, client }) => {
      await client.send(new library.DeleteObjectCommand(this.#object(type, name)))
    })
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined)
    this.#connection = undefined
    connection?.client.destroy()
  }

  #object = (type: FileType, name: string) => ({
    Bucket: this.#place.bucket,
    Key: `${this.#place.prefix}${storagePath(type, name)}`,
  })

  async #listPage(type: FileType, token: string | undefined) {
    const { bucket, prefix, location } = this.#place
    const page = await this.#send(`list ${type}`, async ({ library, client }) => {
      const asked = { Bucket: bucket, Prefix: `${prefix}${type}/`, ...(token && { ContinuationToken: token }) }
      return client.send(new library.ListObjectsV2Command(asked)).catch((error: unknown) => {
        if ((error as Error).name === 'NoSuchBucket')
          return { KeyCount: 0, Contents: [], NextContinuationToken: undefined }
        throw error
      })
    })
    if (page.KeyCount === undefined && !('Name' in page && page.Name !== undefined)) throw noS3Server(type, location)
    const files = (page.Contents ?? []).flatMap(({ Key = '', Size = 0 }) => {
      const name = Key.slice(Key.lastIndexOf('/') + 1)
      return isId(name) && Key === `${prefix}${storagePath(type, name)}` ? [{ name, size: Size }] : []
    })
    return { files, next: page.NextContinuationToken }
  }

  #get(type: FileType, name: string, range?: string) {
    const what = `read ${storagePath(type, name)}`
    return this.#send(what, async ({ library, client }) => {
      try {
        const answer = await client.send(
          new library.GetObjectCommand({ ...this.#object(type, name), ...(range && { Range: range }) }),
        )
        const bytes = await answer.Body!.transformToByteArray()
        const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        return { status: answer.ContentRange === undefined ? 200 : 206, body, range: answer.ContentRange }
      } catch (error) {
        if (statusOf(error) === 416) return { status: 416, body: Buffer.alloc(0), range: undefined }
        if ((error as Error).name === 'NoSuchBucket') throw this.#noBucket(error)
        if (statusOf(error) !== 404) throw error
        throw new VaultError('file-missing', `could not ${what} in ${this.location}: it is not there`, {
          cause: bareError(error),
        })
      }
    })
  }

  async #send<T>(what: string, act: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await act(await this.#connected()).catch(async (error: unknown) => {
        if (!(await this.#hasLearnt(error as S3Refusal))) throw error
        return act(await this.#connected())
      })
    } catch (error) {
      throw s3Failure(what, this.#place, error)
    }
  }

  // The server's clock, by which the library signs from now on; or the bucket's region.
  async #hasLearnt({ $metadata, Region }: S3Refusal): Promise<boolean> {
    if ($metadata?.clockSkewCorrected) return true
    if (Region === undefined || Region === this.#region) return false
    await this.close()
    this.#region = Region
    return true
  }

  #connected(): Promise<Connection> {
    this.#connection ??= this.#connect()
    this.#connection.catch(() => (this.#connection = undefined))
    return this.#connection
  }

  async #connect(): Promise<Connection> {
    const library = await loadS3Library()
    const client = await newS3Client(library, this.#place, this.#region, this.#env, this.#patience)
    return { library, client: throttled(client, this.#throttles) }
  }

  #noBucket = (cause: unknown) =>
    new VaultError('vault-missing', `there is no bucket ${this.#place.bucket} at ${this.#place.host}`, {
      hint: 'check the name of the bucket; a new vault is made with: aidatavault init',
      cause: bareError(cause),
    })
}

const noS3Server = (type: FileType, location: string) =>
  new VaultError('storage-failed', `could not list ${type} in ${location}: what answers there does not speak S3`, {
    hint: 'check host, port and bucket',
  })
