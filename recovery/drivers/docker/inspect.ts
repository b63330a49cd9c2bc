import { z } from 'zod'
import { RecoveryError } from '../../domain/errors.ts'
import type { ContainerInspection, ImageInspection, VolumeInspection } from './container-engine.ts'

// Docker prints null for what is empty, and which of both it prints has changed between versions.
const texts = z.record(z.string(), z.string()).nullish()
const list = z.array(z.string()).nullish()

const volume = z.object({ Name: z.string(), Driver: z.string(), Mountpoint: z.string(), Options: texts, Labels: texts })

const image = z.object({
  Id: z.string(),
  RepoDigests: list,
  Os: z.string(),
  Architecture: z.string(),
  Variant: z.string().nullish(),
  Config: z.object({ Env: list, Volumes: z.record(z.string(), z.unknown()).nullish() }).nullish(),
})

const container = z.object({
  Id: z.string(),
  Name: z.string(),
  State: z.object({
    Running: z.boolean(),
    Paused: z.boolean().nullish(),
    StartedAt: z.string().nullish(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  Config: z.object({ Image: z.string(), Env: list, Labels: texts, StopTimeout: z.number().nullish() }),
  Mounts: z
    .array(
      z.object({
        Type: z.string(),
        Name: z.string().nullish(),
        Source: z.string().nullish(),
        Destination: z.string(),
        RW: z.boolean().nullish(),
      }),
    )
    .nullish(),
  NetworkSettings: z
    .object({
      Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() }).nullish()).nullish(),
      Ports: z
        .record(z.string(), z.array(z.object({ HostIp: z.string().nullish(), HostPort: z.string() })).nullish())
        .nullish(),
    })
    .nullish(),
})

export const engineInfo = z.object({
  ServerVersion: z.string().default(''),
  Name: z.string().default(''),
  KernelVersion: z.string().default(''),
  DockerRootDir: z.string().default(''),
  SecurityOptions: list,
  ServerErrors: list,
})

/** Parses what a command of docker printed as JSON; throws tool-failed where it is something else. */
export function parsePrinted<T>(schema: z.ZodType<T>, printed: Uint8Array, what: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(printed).toString('utf8')))
  } catch (error) {
    throw new RecoveryError('tool-failed', `docker ${what} printed something that cannot be understood`, {
      hint: 'this version of docker may be too new or too old: see docker version',
      cause: error,
    })
  }
}

/** 'NAME=value' lines; one without '=' has no value. */
export const parseEnv = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines
      .filter(line => line.includes('='))
      .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

export const parseVolumes = (printed: Uint8Array): VolumeInspection[] =>
  parsePrinted(z.array(volume), printed, 'volume inspect').map(found => ({
    name: found.Name,
    driver: found.Driver,
    options: found.Options ?? {},
    labels: found.Labels ?? {},
    mountpoint: found.Mountpoint,
  }))

export const parseImages = (printed: Uint8Array): ImageInspection[] =>
  parsePrinted(z.array(image), printed, 'image inspect').map(found => ({
    id: found.Id,
    digests: found.RepoDigests ?? [],
    platform: [found.Os, found.Architecture, ...(found.Variant ? [found.Variant] : [])].join('/'),
    env: parseEnv(found.Config?.Env ?? []),
    volumes: Object.keys(found.Config?.Volumes ?? {}),
  }))

// The engine's own.
const usualStopSeconds = 10

export const parseContainers = (printed: Uint8Array): ContainerInspection[] =>
  parsePrinted(z.array(container), printed, 'inspect').map(found => ({
    id: found.Id,
    name: found.Name.replace(/^\//, ''),
    running: found.State.Running,
    paused: found.State.Paused ?? false,
    startedAt: found.State.StartedAt ?? '',
    stopSeconds: found.Config.StopTimeout ?? usualStopSeconds,
    health: healthOf(found.State.Health?.Status),
    image: found.Config.Image,
    env: parseEnv(found.Config.Env ?? []),
    labels: found.Config.Labels ?? {},
    mounts: (found.Mounts ?? []).map(mount => ({
      type: mountType(mount.Type),
      name: mount.Name ?? '',
      source: mount.Source ?? '',
      target: mount.Destination,
      readOnly: mount.RW === false,
    })),
    networks: Object.keys(found.NetworkSettings?.Networks ?? {}),
    addresses: Object.values(found.NetworkSettings?.Networks ?? {}).flatMap(network => network?.IPAddress || []),
    published: Object.entries(found.NetworkSettings?.Ports ?? {}).flatMap(([key, bound]) => publishedOf(key, bound)),
  }))

/** `key`: '5432/tcp'. */
function publishedOf(
  key: string,
  bound: readonly { HostIp?: string | null | undefined; HostPort: string }[] | null | undefined,
): ContainerInspection['published'] {
  const [port, protocol] = key.split('/')
  if (protocol !== 'tcp') return []
  return (bound ?? []).map(({ HostIp, HostPort }) => ({
    hostIp: HostIp ?? '',
    hostPort: Number(HostPort),
    port: Number(port),
  }))
}

const healthOf = (status: string | undefined): ContainerInspection['health'] =>
  status === 'healthy' || status === 'unhealthy' || status === 'starting' ? status : 'none'

export const mountType = (type: string): 'volume' | 'bind' | 'tmpfs' | 'other' =>
  type === 'volume' || type === 'bind' || type === 'tmpfs' ? type : 'other'
