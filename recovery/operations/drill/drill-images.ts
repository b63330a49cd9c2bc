import type { ImageFacts, Manifest } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import { dependenciesOf } from '../quiet/service-order.ts'
import { idsInArchive, loadImages } from '../recover/load-images.ts'
import type { Tools } from '../tools.ts'
import { drillImage } from './names.ts'

/** The image that one service of the copy runs from. */
export interface DrillImage {
  readonly facts: ImageFacts
  /** Its bytes are in the point; it is on this engine as the very image that was captured; or neither. */
  readonly from: 'point' | 'here' | 'missing'
  /** By what the engine knows it, where it is here. */
  readonly found?: string
}

/** Of the services that are started, of the databases, of those that volumes are reached through, and what all of these depend on. */
export function servicesWithImages(
  manifest: Manifest,
  model: Pick<ComposeModel, 'services'> | undefined,
  started: readonly string[],
): ReadonlySet<string> {
  const servers = [...manifest.servers, ...manifest.volumes.flatMap(({ server }) => server ?? [])]
  const all = new Set([...started, ...servers.map(({ name }) => name)])
  for (const { mounts } of manifest.volumes) if (mounts[0]) all.add(mounts[0].service)
  for (const name of [...all]) for (const along of dependenciesOf(model?.services ?? [], name)) all.add(along)
  return all
}

/**
 * The captured images: the point's own bytes where it has them, which proves them too; else the image of that id, or of that digest,
 * on this engine. Never another one that has its name today, and no registry is asked.
 */
export function findImages(
  images: readonly ImageFacts[],
  services: ReadonlySet<string>,
  { engine }: Tools,
  run: Run,
): Promise<DrillImage[]> {
  const wanted = images.filter(({ service }) => services.has(service))
  return Promise.all(
    wanted.map(async (facts): Promise<DrillImage> => {
      if (facts.inPoint !== undefined) return { facts, from: 'point' }
      for (const name of [...(facts.id === null ? [] : [facts.id]), ...facts.digests])
        if (await engine.inspectImage(name, run)) return { facts, from: 'here', found: name }
      return { facts, from: 'missing' }
    }),
  )
}

/** Rejects with image-unavailable, which says nothing about the point. */
export function assertImages(images: readonly DrillImage[]): void {
  const missing = images.filter(({ from }) => from === 'missing').map(({ facts }) => facts)
  if (missing.length === 0) return
  const names = missing.map(
    ({ reference, service, id }) => `${reference} (service ${service}, ${id ?? 'of no known id'})`,
  )
  throw new RecoveryError(
    'image-unavailable',
    `the captured images are neither in the point nor on this machine: ${names.join(', ')}`,
    {
      hint: 'let points carry them (images: true in aidatavault.yml), or have these very images here: docker pull, docker load',
    },
  )
}

/** Gives each service's image the drill's own name for it. Rejects with verification-failed where the point has another one. */
export async function bringImages(
  id: string,
  images: readonly DrillImage[],
  reader: (step: string) => PointReader,
  tools: Tools,
  run: Run,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  const loaded = new Map<string, string>()
  for (const { facts, from, found } of images) {
    const name = drillImage(id, facts.service)
    names.set(facts.service, name)
    const { inPoint } = facts
    if (from !== 'point' || inPoint === undefined) {
      await tools.engine.tagImage(found ?? facts.reference, name, run)
      continue
    }
    const same = loaded.get(inPoint)
    if (same !== undefined) {
      await tools.engine.tagImage(same, name, run)
      continue
    }
    await assertRightOne(facts, inPoint, reader('images'))
    await loadImages([{ facts, reference: name, from }], reader, tools, run)
    loaded.set(inPoint, name)
  }
  return names
}

/** An engine takes whatever an archive has, and calls it as it is told. */
async function assertRightOne({ id, reference }: ImageFacts, inPoint: string, reader: PointReader): Promise<void> {
  if (id === null || (await idsInArchive(inPoint, reader)).has(id)) return
  throw new RecoveryError('verification-failed', `the image that the point has for ${reference} is not ${id}`, {
    hint: 'recover with an image from a registry or a build, and take a new point',
  })
}
