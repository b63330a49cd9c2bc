import { z } from 'zod'
import { RecoveryError } from '../../domain/errors.ts'
import { mountType } from './inspect.ts'
import type { ComposeModel, ComposeService } from './compose.ts'

const texts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).nullish()

const service = z.object({
  image: z.string().nullish(),
  container_name: z.string().nullish(),
  build: z.unknown().optional(),
  profiles: z.array(z.string()).nullish(),
  environment: texts,
  labels: texts,
  volumes: z
    .array(
      z.object({
        type: z.string(),
        source: z.string().nullish(),
        target: z.string(),
        read_only: z.boolean().nullish(),
      }),
    )
    .nullish(),
  tmpfs: z.union([z.string(), z.array(z.string())]).nullish(),
  ports: z
    .array(
      z.object({
        published: z.union([z.string(), z.number()]).nullish(),
        host_ip: z.string().nullish(),
        protocol: z.string().nullish(),
      }),
    )
    .nullish(),
  healthcheck: z.object({ disable: z.boolean().nullish(), test: z.unknown().optional() }).nullish(),
  depends_on: z.record(z.string(), z.unknown()).nullish(),
  scale: z.number().nullish(),
  deploy: z.object({ replicas: z.number().nullish() }).nullish(),
})

const file = z.object({ file: z.string().nullish() }).nullish()

const model = z.object({
  name: z.string(),
  services: z.record(z.string(), service).nullish(),
  volumes: z
    .record(
      z.string(),
      z
        .object({
          name: z.string().nullish(),
          external: z.boolean().nullish(),
          driver: z.string().nullish(),
          driver_opts: texts,
          labels: texts,
        })
        .nullish(),
    )
    .nullish(),
  networks: z
    .record(z.string(), z.object({ name: z.string().nullish(), external: z.boolean().nullish() }).nullish())
    .nullish(),
  configs: z.record(z.string(), file).nullish(),
  secrets: z.record(z.string(), file).nullish(),
})

type Raw = Readonly<Record<string, unknown>>

/** The model in what `docker compose config --format json` printed. Throws tool-failed where it is something else. */
export function parseModel(raw: Raw): ComposeModel {
  const parsed = model.safeParse(unescaped(raw))
  if (!parsed.success)
    throw new RecoveryError('tool-failed', 'docker compose config printed a model that cannot be understood', {
      hint: 'this Compose may be too new or too old: see docker compose version',
      cause: parsed.error,
    })
  const { name, services, volumes, networks, configs, secrets } = parsed.data
  return {
    name,
    services: Object.entries(services ?? {}).map(([key, found]) => serviceOf(name, key, found)),
    volumes: Object.entries(volumes ?? {}).map(([key, found]) => ({
      key,
      name: found?.name ?? `${name}_${key}`,
      external: found?.external ?? false,
      driver: found?.driver || 'local',
      driverOptions: given(found?.driver_opts),
      labels: given(found?.labels),
    })),
    networks: Object.entries(networks ?? {}).map(([key, found]) => ({
      key,
      name: found?.name ?? `${name}_${key}`,
      external: found?.external ?? false,
    })),
    secretFiles: [...Object.values(secrets ?? {}), ...Object.values(configs ?? {})].flatMap(found => found?.file ?? []),
    raw,
  }
}

/** Compose doubles every '$' so that its output can be its input. */
function unescaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$$', '$')
  if (Array.isArray(value)) return value.map(unescaped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.replaceAll('$$', '$'), unescaped(inner)]))
}

/** What has a value; a variable without one is taken from the environment of whoever starts the service. */
const given = (values: z.infer<typeof texts>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values ?? {}).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]])),
  )

const serviceOf = (project: string, name: string, found: z.infer<typeof service>): ComposeService => ({
  name,
  image: found.image ?? `${project}-${name}`,
  builds: found.build !== undefined && found.build !== null,
  profiles: found.profiles ?? [],
  environment: given(found.environment),
  labels: given(found.labels),
  mounts: mountsOf(found),
  publishedPorts: (found.ports ?? []).flatMap(port => publishedPorts(port)),
  hasHealthcheck: hasHealthcheck(found.healthcheck),
  dependsOn: Object.keys(found.depends_on ?? {}),
  replicas: found.scale ?? found.deploy?.replicas ?? 1,
  ...(found.container_name ? { containerName: found.container_name } : {}),
})

function mountsOf({ volumes, tmpfs }: z.infer<typeof service>): ComposeService['mounts'] {
  const inMemory = typeof tmpfs === 'string' ? [tmpfs] : (tmpfs ?? [])
  return [
    ...(volumes ?? []).map(mount => ({
      type: mountType(mount.type),
      source: mount.source ?? '',
      target: mount.target,
      readOnly: mount.read_only ?? false,
    })),
    // '/run:size=64m' has options behind the path.
    ...inMemory.map(entry => ({ type: 'tmpfs' as const, source: '', target: entry.split(':')[0]!, readOnly: false })),
  ]
}

type Port = NonNullable<z.infer<typeof service>['ports']>[number]

/** None where the engine picks the port, freely or out of a range. */
function publishedPorts({ published, host_ip: hostIp, protocol }: Port): ComposeService['publishedPorts'] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(String(published ?? ''))
  if (!match || match[1] === '0' || match[2] !== undefined) return []
  return [{ hostIp: hostIp ?? '', port: Number(match[1]), protocol: protocol ?? 'tcp' }]
}

function hasHealthcheck(check: z.infer<typeof service>['healthcheck']): boolean {
  const test = check?.test
  const none = Array.isArray(test) ? test[0] === 'NONE' || test.length === 0 : !test
  return check !== null && check !== undefined && check.disable !== true && !none
}
