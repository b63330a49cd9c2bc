import type { ImageFacts } from '../../contract/manifest.ts'
import type { Survey } from './survey.ts'

/** The image of every service, as the engine has it now. */
export const imagesOf = ({ services }: Survey): ImageFacts[] =>
  services.map(({ model, image }) => ({
    service: model.name,
    reference: model.image,
    id: image?.id ?? null,
    digests: [...(image?.digests ?? [])],
    platform: image?.platform ?? null,
    builds: model.builds,
  }))
