import { z } from 'zod'
import { RecoveryError } from '../../domain/errors.ts'
import { runDocker } from './docker-call.ts'
import { isAbsent } from './docker-errors.ts'
import { foldersReachable, isPlainFolder, isRemote } from './folders.ts'
import { loadImage, saveImage } from './image-transfer.ts'
import { inspectSeveral } from './inspect-several.ts'
import { engineInfo, parseContainers, parseImages, parsePrinted, parseVolumes } from './inspect.ts'
import { isLeftOver, labelFlags, removeTemporary, temporaryLabel, temporaryName } from './temporary-containers.ts'
import { removeLabelled, removeRepository, tagImage } from './removal.ts'
import { readVolume, writeVolume } from './volume-transfer.ts'
import type { Run } from '../../domain/run.ts'
import type {
  ContainerEngine,
  ContainerInspection,
  EngineFacts,
  ImageInspection,
  OutgoingEntries,
  VolumeInspection,
  VolumeSpec,
} from './container-engine.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { CallOptions, DockerOptions } from './docker-call.ts'

/** A container engine through the user's own docker command: its contexts, DOCKER_HOST, Docker Desktop and remote engines just work. */
export const dockerCli = (options: DockerOptions = {}): ContainerEngine => new DockerCli(options)

type Labels = Readonly<Record<string, string>>

class DockerCli implements ContainerEngine {
  readonly #docker: DockerOptions
  #facts: Promise<EngineFacts> | undefined
  #swept = false

  constructor(docker: DockerOptions) {
    this.#docker = docker
  }

  async #print(args: readonly string[], run: Run, more?: CallOptions): Promise<Buffer> {
    return (await runDocker(this.#docker, args, run, more)).stdout
  }

  async #lines(args: readonly string[], run: Run): Promise<string[]> {
    return (await this.#print(args, run)).toString('utf8').split('\n').filter(Boolean)
  }

  facts(run: Run): Promise<EngineFacts> {
    // What failed for another run is asked again for this one.
    return (this.#facts = this.#facts?.catch(() => this.#askFacts(run)) ?? this.#askFacts(run))
  }

  async #askFacts(run: Run): Promise<EngineFacts> {
    const [printed, endpoint] = await Promise.all([
      this.#print(['info', '--format', '{{json .}}'], run),
      this.#endpoint(run),
    ])
    const info = parsePrinted(engineInfo, printed, 'info')
    if (!info.ServerVersion)
      throw new RecoveryError(
        'docker-unavailable',
        `no Docker engine answers: ${info.ServerErrors?.[0] ?? 'no reason given'}`,
        {
          hint: 'start Docker; docker info tells when it answers',
        },
      )
    const reachable = await foldersReachable(info, endpoint)
    return {
      version: info.ServerVersion,
      foldersReachable: reachable,
      isRemote: isRemote(endpoint),
      rootFolder: info.DockerRootDir,
    }
  }

  /** Where the engine is, '' if docker does not say. */
  async #endpoint(run: Run): Promise<string> {
    const printed = await this.#print(['context', 'inspect', '--format', '{{json .Endpoints.docker.Host}}'], run)
    return parsePrinted(z.string().nullish(), printed, 'context inspect') ?? ''
  }

  async inspectVolume(name: string, run: Run): Promise<VolumeInspection | undefined> {
    return (await this.inspectVolumes([name], run)).get(name)
  }

  inspectVolumes(names: readonly string[], run: Run): Promise<ReadonlyMap<string, VolumeInspection>> {
    return inspectSeveral('volume', names, async some =>
      parseVolumes(await this.#print(['volume', 'inspect', ...some], run)),
    )
  }

  async createVolume(spec: VolumeSpec, run: Run): Promise<VolumeInspection> {
    if (await this.inspectVolume(spec.name, run)) throw volumeExists(spec.name)
    const options = Object.entries(spec.options).flatMap(([key, value]) => ['--opt', `${key}=${value}`])
    const labels = Object.entries(spec.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
    await this.#print(['volume', 'create', '--driver', spec.driver, ...options, ...labels, spec.name], run)
    // Someone may have been faster: the engine gives the old volume then, without a word.
    const made = await this.inspectVolume(spec.name, run)
    if (!made || made.driver !== spec.driver || !sameTexts(made.labels, spec.labels)) throw volumeExists(spec.name)
    return made
  }

  async removeVolume(name: string, run: Run): Promise<void> {
    await this.#print(['volume', 'rm', name], run).catch((error: unknown) => {
      if (!isAbsent(error, 'volume')) throw error
    })
  }

  async volumeFolder(named: string | VolumeInspection, run: Run): Promise<string | undefined> {
    const volume = typeof named === 'string' ? await this.inspectVolume(named, run) : named
    if (!volume || !(await isPlainFolder(volume))) return undefined
    return (await this.facts(run)).foldersReachable ? volume.mountpoint : undefined
  }

  async writtenBytes(ids: readonly string[], run: Run): Promise<ReadonlyMap<string, number>> {
    if (ids.length === 0) return new Map()
    const lines = await this.#lines(['container', 'inspect', '--size', '--format', '{{.Id}} {{.SizeRw}}', ...ids], run)
    return new Map(lines.map(line => line.split(' ')).map(([id = '', bytes]) => [id, Number(bytes)]))
  }

  async readVolume(name: string, image: string, run: Run): Promise<OutgoingEntries> {
    await this.#prepareTransfer(name, run)
    return readVolume(this.#docker, name, image, run)
  }

  async writeVolume(name: string, image: string, entries: AsyncIterable<FileEntry>, run: Run): Promise<void> {
    await this.#prepareTransfer(name, run)
    await writeVolume(this.#docker, name, image, entries, run)
  }

  async #prepareTransfer(name: string, run: Run): Promise<void> {
    await Promise.all([this.#assertVolume(name, run), this.#sweep(run)])
  }

  /** A mount would silently make a volume that is not there. */
  async #assertVolume(name: string, run: Run): Promise<void> {
    if (await this.inspectVolume(name, run)) return
    throw new RecoveryError('source-unreadable', `there is no volume ${name} on this engine`, {
      hint: 'list those that are there with: docker volume ls',
    })
  }

  /** Removes containers of ours whose run is over, once per engine. */
  async #sweep(run: Run): Promise<void> {
    if (this.#swept) return
    this.#swept = true
    const left = (await this.listContainers({ [temporaryLabel]: '1' }, run)).filter(found =>
      isLeftOver(found, run.clock.now()),
    )
    for (const { id } of left) await removeTemporary(this.#docker, id, run)
  }

  async inspectImage(reference: string, run: Run): Promise<ImageInspection | undefined> {
    return (await this.inspectImages([reference], run)).get(reference)
  }

  inspectImages(references: readonly string[], run: Run): Promise<ReadonlyMap<string, ImageInspection>> {
    return inspectSeveral('image', references, async some =>
      parseImages(await this.#print(['image', 'inspect', ...some], run)),
    )
  }

  async pullImage(reference: string, run: Run): Promise<boolean> {
    try {
      await this.#print(['pull', '--quiet', reference], run)
      return true
    } catch (error) {
      if (error instanceof RecoveryError && error.code === 'tool-failed') return false
      throw error
    }
  }

  saveImage(reference: string, run: Run): Promise<OutgoingEntries> {
    return saveImage(this.#docker, reference, run)
  }

  loadImage(entries: AsyncIterable<FileEntry>, run: Run): Promise<void> {
    return loadImage(this.#docker, entries, run)
  }

  tagImage(reference: string, name: string, run: Run): Promise<void> {
    return tagImage(this.#docker, reference, name, run)
  }

  removeRepository(repository: string, run: Run): Promise<void> {
    return removeRepository(this.#docker, repository, run)
  }

  removeLabelled(label: string, value: string, run: Run): Promise<void> {
    return removeLabelled(this.#docker, label, value, run)
  }

  async changeContainers(...[word, ids, run]: Parameters<ContainerEngine['changeContainers']>): Promise<void> {
    if (ids.length > 0) await this.#print(['container', word, ...ids], run)
  }

  async listContainers(labels: Labels, run: Run): Promise<readonly ContainerInspection[]> {
    // One may vanish between the two commands; then both are asked again.
    for (let attempt = 1; ; attempt++) {
      const ids = await this.#lines(['ps', '--all', '--quiet', '--no-trunc', ...filters(labels)], run)
      if (ids.length === 0) return []
      try {
        return parseContainers(await this.#print(['container', 'inspect', ...ids], run))
      } catch (error) {
        if (!isAbsent(error, 'container') || attempt === 5) throw error
      }
    }
  }

  listVolumes(labels: Labels, run: Run): Promise<readonly string[]> {
    return this.#lines(['volume', 'ls', '--quiet', ...filters(labels)], run)
  }

  listNetworks(labels: Labels, run: Run): Promise<readonly string[]> {
    return this.#lines(['network', 'ls', '--format', '{{.Name}}', ...filters(labels)], run)
  }

  async runOnce(spec: Parameters<ContainerEngine['runOnce']>[0], run: Run): Promise<string> {
    const name = temporaryName()
    const flags = [
      ...Object.keys(spec.env ?? {}).flatMap(key => ['--env', key]),
      ...(spec.network === undefined ? [] : ['--network', spec.network]),
      ...(spec.entrypoint === undefined ? [] : ['--entrypoint', spec.entrypoint]),
      ...(spec.user === undefined ? [] : ['--user', spec.user]),
      ...(spec.volumes ?? []).flatMap(volume => ['--mount', mountOf(volume)]),
    ]
    // A mount would silently make a volume that is not there.
    for (const { name: volume } of spec.volumes ?? []) await this.#assertVolume(volume, run)
    const args = ['run', '--rm', '--name', name, ...labelFlags(run), ...flags, spec.image, ...spec.command]
    // Its client would hand the signal to a first process that may ignore it.
    const remove = () => removeTemporary(this.#docker, name, run)
    run.signal.addEventListener('abort', remove, { once: true })
    try {
      const [printed] = await Promise.all([this.#print(args, run, spec.env ? { env: spec.env } : {}), this.#sweep(run)])
      return printed.toString('utf8')
    } catch (error) {
      await remove()
      throw error
    } finally {
      run.signal.removeEventListener('abort', remove)
    }
  }
}

const mountOf = ({ name, target, readOnly }: { name: string; target: string; readOnly?: boolean }): string =>
  `type=volume,src=${name},dst=${target},volume-nocopy${readOnly ? ',readonly' : ''}`

const filters = (labels: Labels): string[] =>
  Object.entries(labels).flatMap(([key, value]) => ['--filter', `label=${key}=${value}`])

const volumeExists = (name: string) =>
  new RecoveryError('target-exists', `a volume named ${name} exists already`, {
    hint: 'nothing is written into a volume that is there: take another name, or remove it when you are sure',
  })

const sameTexts = (left: Labels, right: Labels): boolean =>
  Object.keys(left).length === Object.keys(right).length &&
  Object.entries(left).every(([key, value]) => right[key] === value)
