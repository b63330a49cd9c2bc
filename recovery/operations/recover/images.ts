import { RecoveryError } from '../../domain/errors.ts'
import { step, type Run } from '../../domain/run.ts'
import type { ImageFacts, Manifest } from '../../../contract/manifest.ts'
import type { Tools } from '../tools.ts'
import type { PlannedImage } from './plan.ts'
import type { RecoveryTarget } from './target.ts'

/** Where each image will come from, under the project's name on the target. Nothing is pulled or loaded yet. */
export async function planImages(
  images: readonly ImageFacts[],
  { project }: Pick<Manifest, 'project'>,
  { projectName }: Pick<RecoveryTarget, 'projectName'>,
  { engine }: Tools,
  run: Run,
): Promise<PlannedImage[]> {
  const referenceOf = (facts: ImageFacts) => targetReference(facts, project.name, projectName)
  const here = await engine.inspectImages(images.map(referenceOf), run)
  return images.map(facts => {
    const reference = referenceOf(facts)
    return { facts, reference, from: sourceOf(facts, here.get(reference)?.id) }
  })
}

/** An image that the project builds is what it was only by its id: its name may be another project's. */
function sourceOf(facts: ImageFacts, here: string | undefined): PlannedImage['from'] {
  if (facts.builds && facts.inPoint !== undefined) return here !== undefined && here === facts.id ? 'here' : 'point'
  if (facts.builds) return 'build'
  if (here !== undefined) return 'here'
  return facts.inPoint === undefined ? 'pull' : 'point'
}

/** Compose names what it builds after the project, where the Compose file gives no name. */
export const targetReference = (
  { reference, service, builds }: Pick<ImageFacts, 'reference' | 'service' | 'builds'>,
  oldProject: string,
  newProject: string,
): string => (builds && reference === `${oldProject}-${service}` ? `${newProject}-${service}` : reference)

/** Pulls what is not here, before anything else is done. Rejects with image-unavailable, naming every one that cannot be had. */
export async function pullImages(images: readonly PlannedImage[], { engine }: Tools, run: Run): Promise<void> {
  const missing: ImageFacts[] = []
  const pull = async (reference: string) => {
    if (!(await engine.pullImage(reference, run))) throw new RecoveryError('image-unavailable', reference)
  }
  for (const { facts } of images.filter(({ from }) => from === 'pull')) {
    await step(run, `image ${facts.reference}`, () => pull(facts.reference)).catch((error: unknown) => {
      if (!(error instanceof RecoveryError) || error.code !== 'image-unavailable') throw error
      missing.push(facts)
    })
  }
  if (missing.length === 0) return
  const names = missing.map(({ reference, service }) => `${reference} (service ${service})`).join(', ')
  throw new RecoveryError('image-unavailable', `these images are neither here nor can they be pulled: ${names}`, {
    hint: 'load them (docker load) or log in to their registry (docker login), then run this again; nothing was changed',
  })
}
