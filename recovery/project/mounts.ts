import type { ComposeModel, ComposeService } from '../drivers/docker/compose.ts'
import type { ContainerInspection, ImageInspection } from '../drivers/docker/container-engine.ts'
import { isInside } from './paths.ts'

/** One place of a service where something is mounted, as it is now (its container) or as it will be (the model). */
export interface ServiceMount {
  readonly kind: 'volume' | 'anonymous' | 'bind' | 'tmpfs' | 'other'
  /** Compose's key of a volume; absolute host path of a bind mount; the engine's name of an anonymous volume, '' while there is none. */
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
}

/** All mounts of a service, those that only its image asks for included. */
export function mountsOf(
  service: ComposeService,
  model: ComposeModel,
  container: ContainerInspection | undefined,
  image: ImageInspection | undefined,
): ServiceMount[] {
  const planned = service.mounts.map(mount => plannedMount(mount, container))
  const known = new Set(planned.map(({ target }) => trimmed(target)))
  const isNew = ({ target }: { target: string }) => !known.has(trimmed(target))
  const actual = (container?.mounts ?? []).filter(isNew).map(mount => actualMount(mount, model))
  for (const { target } of actual) known.add(trimmed(target))
  const asked = (image?.volumes ?? []).map(
    target => ({ kind: 'anonymous', source: '', target, readOnly: false }) as const,
  )
  return [...planned, ...actual, ...asked.filter(isNew)]
}

/** '/data/' and '/data' are one place. */
const trimmed = (target: string): string => target.replace(/(.)\/+$/, '$1')

function plannedMount(
  mount: ComposeService['mounts'][number],
  container: ContainerInspection | undefined,
): ServiceMount {
  const { source, target, readOnly, type } = mount
  if (type !== 'volume' || source !== '') return { kind: type, source, target, readOnly }
  const made = container?.mounts.find(found => trimmed(found.target) === trimmed(target) && found.type === 'volume')
  return { kind: 'anonymous', source: made?.name ?? '', target, readOnly }
}

/** A mount that the model does not have: of the image, or of an older model. */
function actualMount(mount: ContainerInspection['mounts'][number], model: ComposeModel): ServiceMount {
  const { type, target, readOnly } = mount
  if (type !== 'volume') return { kind: type, source: mount.source, target, readOnly }
  const key = model.volumes.find(({ name }) => name === mount.name)?.key
  return { kind: key === undefined ? 'anonymous' : 'volume', source: key ?? mount.name, target, readOnly }
}

/** The mount that holds a path: the one with the longest matching target. */
export const mountAt = (mounts: readonly ServiceMount[], path: string): ServiceMount | undefined =>
  mounts
    .filter(({ target }) => isInside(path, trimmed(target)))
    .toSorted((a, b) => trimmed(b.target).length - trimmed(a.target).length)[0]
