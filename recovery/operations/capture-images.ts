import type { ImageFacts } from '../../contract/manifest.ts'
import { RecoveryError } from '../domain/errors.ts'
import type { PointWriter, SavedPart } from '../domain/point-content.ts'
import type { Run } from '../domain/run.ts'
import { isByDigest, oneImage } from '../drivers/docker/image-names.ts'
import type { Project } from '../project/project.ts'
import { sourceStep } from './source-step.ts'
import type { Tools } from './tools.ts'

/** References whose bytes a backup takes; those that the project builds come first, since no registry has them. */
export interface ImagePlan {
  readonly references: readonly string[]
  readonly leftOut: readonly { readonly what: string; readonly why: string }[]
}

/** `which`: as `images` in aidatavault.yml. */
export function planImageBytes({ images }: Project, which: boolean | 'built'): ImagePlan {
  const wanted = which === false ? [] : images.filter(({ builds }) => builds || which === true)
  const ordered = wanted.toSorted((a, b) => Number(b.builds) - Number(a.builds))
  const unique = (found: readonly ImageFacts[]) => [...new Set(found.map(({ reference }) => reference))]
  const leftOut = unique(ordered.filter(({ id }) => id === null)).map(reference => ({
    what: `image ${reference}`,
    why: 'it is not on this machine: pull or build it first',
  }))
  return { references: unique(ordered.filter(({ id }) => id !== null)), leftOut }
}

/** What the point has of one image. */
export type CapturedImage = Pick<ImageFacts, 'id' | 'inPoint'>

/** Where an image lies in a point: a folder with the files of its archive, its layers among them. */
const imageInPoint = (reference: string): string => `images/${encodeURIComponent(oneImage(reference))}`

/** Takes the bytes of images, by reference. Rejects with capture-failed when one becomes another meanwhile. */
export async function captureImages(
  { references }: ImagePlan,
  { engine }: Tools,
  writer: PointWriter,
  run: Run,
): Promise<ReadonlyMap<string, CapturedImage>> {
  const captured = new Map<string, CapturedImage>()
  for (const reference of references) {
    const path = imageInPoint(reference)
    const idNow = async () => (await engine.inspectImage(reference, run))?.id
    const capture = async (writer: PointWriter): Promise<SavedPart & { readonly id: string }> => {
      const id = await idNow()
      const { entries, finished } = await engine.saveImage(oneImage(reference), run)
      const saved = await writer.save({ kind: 'entries', path, entries, finished })
      if (id === undefined || id !== (await idNow())) throw replaced(reference)
      return { ...saved, id }
    }
    const detail = ({ bytes }: SavedPart) => `${bytes} bytes`
    const { id } = await sourceStep(run, `image ${reference}`, writer, capture, { detail })
    captured.set(reference, { id, inPoint: path })
    if (isByDigest(reference)) warnOfDigest(reference, run)
  }
  return captured
}

const replaced = (reference: string) =>
  new RecoveryError('capture-failed', `the image ${reference} became another one while it was read`, {
    hint: 'take the backup when nothing is built or pulled',
  })

const warnOfDigest = (reference: string, run: Run) =>
  run.report({
    kind: 'warning',
    text: `image ${reference}: its bytes are in the point, but an engine knows a name by digest only from a registry; to recover without one, name it by a tag`,
  })
