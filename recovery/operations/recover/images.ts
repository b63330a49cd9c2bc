import { RecoveryError } from '../../domain/errors.ts'
import { step, type Run } from '../../domain/run.ts'
import type { ImageFacts } from '../../../contract/manifest.ts'
import type { Tools } from '../tools.ts'
import type { PlannedImage } from './plan.ts'

/** Where each image will come from. Nothing is pulled yet. */
export function planImages(images: readonly ImageFacts[], { engine }: Tools, run: Run): Promise<PlannedImage[]> {
  return Promise.all(
    images.map(async (facts): Promise<PlannedImage> => {
      if (facts.builds) return { facts, from: 'build' }
      return { facts, from: (await engine.inspectImage(facts.reference, run)) ? 'here' : 'pull' }
    }),
  )
}

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
