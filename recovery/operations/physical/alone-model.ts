import path from 'node:path'
import type { ComposeModel, ComposeService } from '../../drivers/docker/compose.ts'
import type { ImageInspection } from '../../drivers/docker/container-engine.ts'
import { withSettings } from './server-settings.ts'

type Json = Readonly<Record<string, unknown>>

/** A copy of a server's data, and how the server is started on it. */
export interface AloneServer {
  /** The service that it is otherwise. */
  readonly service: string
  /** Where the copy lies: a volume of the engine, or a folder of this machine. */
  readonly kind: 'volume' | 'bind'
  readonly place: string
  /** Where that is mounted in the container. */
  readonly target: string
  /** 'name=value'. */
  readonly settings: readonly string[]
}

// What a server needs to start as it does in the project. Nothing of it is a secret; the environment can be.
const kept = [
  'image',
  'command',
  'entrypoint',
  'user',
  'shm_size',
  'ulimits',
  'tmpfs',
  'group_add',
  'platform',
] as const
const keptEnvironment = /^(PGDATA|LANG|LANGUAGE|LC_\w+|TZ|NSS_\w+|LD_PRELOAD)$/

/**
 * A Compose project with one service: the server on the copy, on no network, everything else that it mounts read-only. The
 * model is the project's own, as Compose resolved it.
 */
export function aloneModel(
  name: string,
  model: ComposeModel,
  server: AloneServer,
  image: ImageInspection | undefined,
): Json {
  const raw = asObject(asObject(model.raw['services'])[server.service])
  const service = model.services.find(found => found.name === server.service)
  const whole = {
    ...Object.fromEntries(kept.filter(key => raw[key] !== undefined && raw[key] !== null).map(key => [key, raw[key]])),
    image: service?.image,
    environment: environmentOf(service),
    volumes: [mountOf(server), ...otherMounts(service, server, model)],
    network_mode: 'none',
    restart: 'no',
    // Whatever it has to write at its end.
    stop_grace_period: '10m',
    // It is asked whether it answers; a check of the project's may need what is not there.
    healthcheck: { test: ['CMD-SHELL', 'exit 0'], interval: '1s' },
  }
  const volumes = whole.volumes.filter(({ type }) => type === 'volume').map(({ source }) => source)
  return {
    name,
    services: { [server.service]: withSettings(whole, server.settings, image) },
    volumes: Object.fromEntries(volumes.map(volume => [volume, { name: volume, external: true }])),
  }
}

const asObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})

const environmentOf = (service: ComposeService | undefined): Json =>
  Object.fromEntries(
    Object.entries(service?.environment ?? {})
      .filter(([key]) => keptEnvironment.test(key))
      .map(([key, value]) => [key, value.replaceAll('$', '$$$$')]),
  )

const mountOf = ({ kind, place, target }: AloneServer) => ({ type: kind, source: place, target, read_only: false })

/** Configuration and certificates: the server reads them as it does in the project. */
function otherMounts(service: ComposeService | undefined, { target }: AloneServer, model: ComposeModel) {
  const others = (service?.mounts ?? []).filter(
    mount => (mount.type === 'volume' || mount.type === 'bind') && path.posix.relative(mount.target, target) !== '',
  )
  return others.flatMap(mount => {
    const volume = model.volumes.find(({ key }) => key === mount.source)
    const source = mount.type === 'bind' ? mount.source : volume?.name
    return source === undefined ? [] : [{ type: mount.type, source, target: mount.target, read_only: true }]
  })
}
