import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ComposeAddress } from '../../drivers/docker/compose.ts'
import { postgresInService } from '../../drivers/postgres/in-service.ts'
import type { Tools } from '../tools.ts'
import { freePort } from './free-port.ts'
import { buildCode, type Secrets } from './code-scene.ts'
import type { ApplicationState, DemoStage } from './stage.ts'
import { databaseState, folderState, gitState } from './state.ts'

const images = ['postgres:17', 'node:24-slim']
const noteCount = 200
const fileCount = 12
const projectLabel = 'com.docker.compose.project'

/** The example application under the user's own Docker Compose, used over HTTP. */
export class DockerStage implements DemoStage {
  readonly way = 'Docker Compose'
  readonly root: string
  readonly #remote: string
  readonly #name: string
  readonly #tools: Tools
  #port = 0
  #secrets: Secrets = { password: '', apiKey: '' }

  /** `folder` is the demo's own; the project lies in it under a name that nothing on this machine has. */
  constructor(folder: string, tools: Tools) {
    this.#name = `notes-demo-${randomBytes(4).toString('hex')}`
    this.root = path.join(folder, this.#name)
    this.#remote = path.join(folder, 'remote.git')
    this.#tools = tools
  }

  /** Rejects with image-unavailable before anything is made. */
  static async assertImages({ engine }: Tools, run: Run): Promise<void> {
    for (const image of images)
      if (!(await engine.inspectImage(image, run)) && !(await engine.pullImage(image, run)))
        throw new RecoveryError(
          'image-unavailable',
          `the demo needs the image ${image}, which is neither here nor can it be pulled`,
          {
            hint: 'load it, or see the demo without Docker: aidatavault demo --without-docker',
          },
        )
  }

  get #address(): ComposeAddress {
    return { directory: this.root, files: [], projectName: this.#name, profiles: [] }
  }

  async build(run: Run): Promise<void> {
    this.#secrets = await buildCode(this.root, this.#remote, async () => {})
    this.#port = await freePort()
    await fs.writeFile(path.join(this.root, '.env'), `NOTES_PORT=${this.#port}\n`)
    await this.#tools.compose.up(this.#address, { services: [], build: true }, run)
    for (let at = 1; at <= noteCount; at++)
      await this.#post('/notes', JSON.stringify({ text: `note ${at} – ½ “quoted” €` }), 'application/json')
    for (let at = 1; at <= fileCount; at++)
      await this.#post(`/files/upload-${at}.bin`, randomBytes(at * 10_000), 'application/octet-stream')
  }

  async #post(where: string, body: string | Buffer<ArrayBuffer>, type: string): Promise<void> {
    const headers = { 'x-api-key': this.#secrets.apiKey, 'content-type': type }
    const answer = await fetch(`http://127.0.0.1:${this.#port}${where}`, { method: 'POST', headers, body })
    if (!answer.ok)
      throw new RecoveryError('unexpected', `the demo's application answered ${answer.status} to POST ${where}`)
    await answer.arrayBuffer()
  }

  async readState(run: Run): Promise<ApplicationState> {
    const access = postgresInService({
      ...this.#tools,
      address: this.#address,
      service: 'db',
      user: 'aidatavault_user',
    })
    const rows = await databaseState(access, 'aidatavault_db', run).finally(() => access.close())
    const uploads = await this.#uploads()
    return new Map([
      ...rows,
      ...uploads,
      ...(await gitState(this.root)),
      ...(await folderState(this.root, new Set(['.git']))),
    ])
  }

  /** As its users see them: over HTTP. */
  async #uploads(): Promise<[string, string][]> {
    const facts: [string, string][] = []
    for (let at = 1; at <= fileCount; at++) {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/files/upload-${at}.bin`)
      const digest = await crypto.subtle.digest('SHA-256', await answer.arrayBuffer())
      facts.push([`upload ${at}`, `${answer.status} ${Buffer.from(digest).toString('hex')}`])
    }
    return facts
  }

  async destroy(run: Run): Promise<void> {
    await this.#removeEverything(run)
    await fs.rm(this.root, { recursive: true })
    await fs.rm(this.#remote, { recursive: true })
  }

  /** The recovery has started the services already. */
  async start(): Promise<void> {}

  async cleanUp(): Promise<void> {
    const run: Run = { signal: new AbortController().signal, clock: { now: () => new Date() }, report: () => {} }
    await this.#removeEverything(run)
  }

  async #removeEverything(run: Run): Promise<void> {
    const there = await fs.stat(this.root).catch(() => undefined)
    if (there) await this.#tools.compose.down(this.#address, run, { builtImages: true })
    for (const volume of await this.#tools.engine.listVolumes({ [projectLabel]: this.#name }, run))
      await this.#tools.engine.removeVolume(volume, run)
  }
}
