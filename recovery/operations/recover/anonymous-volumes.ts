import { createHash } from 'node:crypto'
import { recoveryLabel } from './target.ts'
import { once, type Workshop } from './workshop.ts'

type Json = Readonly<Record<string, unknown>>

/** Where a volume without a name is mounted, and the engine's volume that takes its place. */
export interface Attachment {
  readonly service: string
  readonly target: string
  readonly volume: string
}

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

/** The engine's name of an anonymous volume on the target: nobody chooses it, and a second run finds it again. */
export const anonymousVolumeName = (point: string, root: string, key: string): string =>
  createHash('sha256').update([point, root, key].join('\n')).digest('hex')

/**
 * The model, with these volumes mounted by name where it has anonymous ones (or the image has them by itself), and with
 * `labels` on the services that have any.
 */
export function withAttachments(
  model: Json,
  attachments: readonly Attachment[],
  labels: Readonly<Record<string, string>>,
): Json {
  const services: Record<string, unknown> = { ...asObject(model.services) }
  const volumes: Record<string, unknown> = { ...asObject(model.volumes) }
  attachments.forEach(({ service, target, volume }, at) => {
    const key = `aidatavault_anonymous_${at}`
    const whole = asObject(services[service])
    const others = (Array.isArray(whole.volumes) ? whole.volumes : []).filter(
      mount => asObject(mount).target !== target,
    )
    const mounts = [...others, { type: 'volume', source: key, target }]
    services[service] = { ...whole, volumes: mounts, labels: { ...asObject(whole.labels), ...labels } }
    volumes[key] = { name: volume, external: true }
  })
  return { ...model, services, volumes }
}

/**
 * Compose hands a container's anonymous volumes on to the container that replaces it, and only so. Therefore the services
 * that `of` accepts are created once, not started, with the recovered volumes in place; when they are started as the
 * project says, the new containers inherit them.
 */
export async function attachAnonymousVolumes(
  shop: Workshop,
  model: Json,
  of: (service: string) => boolean,
): Promise<void> {
  const attachments = shop.plan.volumes
    .filter(({ facts }) => facts.kind === 'anonymous')
    .flatMap(({ facts, name }) => facts.mounts.map(({ service, target }) => ({ service, target, volume: name })))
    .filter(({ service }) => of(service))
  const services = [...new Set(attachments.map(({ service }) => service))]
  if (services.length === 0) return
  await once(shop, `volumes without a name attached to ${services.join(', ')}`, async () => {
    const ours = { [recoveryLabel]: shop.journal.record.id }
    await shop.tools.compose.create(shop.address, services, withAttachments(model, attachments, ours), shop.run)
    return []
  })
}
