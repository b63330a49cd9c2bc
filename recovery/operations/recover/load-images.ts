import type { ImageFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { PointReader } from '../../domain/point-content.ts'
import { step, type Run } from '../../domain/run.ts'
import { isByDigest, oneImage, renamedImage } from '../../drivers/docker/image-names.ts'
import type { Tools } from '../tools.ts'
import type { PlannedImage } from './plan.ts'

/**
 * Gives the engine the images that come from the point, under the names that the recovered project has for them, and sees
 * that they are the ones that were captured. No registry is asked. Rejects with verification-failed, image-unavailable.
 */
export async function loadImages(
  images: readonly PlannedImage[],
  reader: (step: string) => PointReader,
  { engine }: Tools,
  run: Run,
): Promise<void> {
  const loaded = new Set<string>()
  for (const { facts, reference, from } of images) {
    if (from !== 'point' || facts.inPoint === undefined || loaded.has(reference)) continue
    loaded.add(reference)
    const name = `image ${reference}`
    const { inPoint } = facts
    await step(run, name, async () => {
      const point = reader(name)
      await engine.loadImage(namedFor(point.entries(inPoint), facts, reference), run)
      await assertLoaded(facts, reference, await idsOf(facts, inPoint, point), engine, run)
    })
  }
}

/** Without its top folder, which an archive does not have. */
async function* namedFor(
  entries: AsyncIterable<FileEntry>,
  facts: ImageFacts,
  reference: string,
): AsyncGenerator<FileEntry> {
  const named = reference === facts.reference ? entries : renamedImage(entries, reference)
  for await (const entry of named) if (entry.path.length > 0) yield entry
}

/**
 * The ids that the image can have: an engine calls it by its configuration, or by its manifest, whichever way it keeps
 * images; the archive names both.
 */
async function idsOf(facts: ImageFacts, inPoint: string, reader: PointReader): Promise<ReadonlySet<string>> {
  return new Set([...(facts.id === null ? [] : [facts.id]), ...(await idsInArchive(inPoint, reader))])
}

/** Those that the archive itself names. */
export async function idsInArchive(inPoint: string, reader: PointReader): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for (const name of ['manifest.json', 'index.json']) {
    const path = `${inPoint}/${name}`
    if (!(await reader.exists(path))) continue
    const pieces: Uint8Array[] = []
    for await (const piece of reader.readFile(path)) pieces.push(piece)
    const text = Buffer.concat(pieces).toString('utf8')
    const named = /"(?:Config|digest)":\s*"(?:blobs\/sha256\/|sha256:)?([0-9a-f]{64})(?:\.json)?"/g
    for (const [, id] of text.matchAll(named)) ids.add(`sha256:${id}`)
  }
  return ids
}

async function assertLoaded(
  facts: ImageFacts,
  reference: string,
  ids: ReadonlySet<string>,
  engine: Tools['engine'],
  run: Run,
): Promise<void> {
  const found = await engine.inspectImage(oneImage(reference), run)
  if (found && ids.has(found.id)) return
  if (found)
    throw new RecoveryError(
      'verification-failed',
      `the image ${reference} is ${found.id} on this engine, and ${facts.id ?? 'another'} in the point`,
      { hint: 'look at what else on this machine pulls or builds it, then run this again' },
    )
  // A registry only has to confirm the name: the bytes are here.
  if (isByDigest(reference) && (await engine.pullImage(reference, run))) return
  throw new RecoveryError('image-unavailable', `the image ${reference} did not appear on this engine`, {
    hint: isByDigest(reference)
      ? `its bytes are here now as ${facts.id ?? 'an image without a name'}, but only a registry can give a name by digest: run this again where one can be reached`
      : 'see docker image ls, then run this again',
  })
}
