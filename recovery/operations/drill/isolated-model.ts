type Json = Readonly<Record<string, unknown>>

/** What a drill gives its copy of the project. */
export interface Isolation {
  /** Compose's name of the copy. */
  readonly projectName: string
  /** On everything that the engine makes for it. */
  readonly labels: Readonly<Record<string, string>>
  /** The image of each service, by a name that is here; a service without one is left out. */
  readonly images: ReadonlyMap<string, string>
  /** Where a folder or file of the machine lies in the copy; undefined: nowhere, so the mount is left out. */
  readonly placeOf: (source: string) => string | undefined
  readonly cpus: number
  /** As Compose takes it: 2g. */
  readonly memory: string
}

export interface IsolatedModel {
  readonly model: Json
  /** What services run without, for people. */
  readonly without: readonly string[]
}

// What goes over as it is: nothing of it leads out of the container. Everything else that Compose knows, or will know one day,
// stays behind: published ports, host namespaces, devices, privileges, log drivers that send elsewhere, and labels, which
// make proxies, schedulers and updaters on this machine take the copy for the real one.
const kept = [
  ...([
    'command',
    'entrypoint',
    'environment',
    'user',
    'group_add',
    'working_dir',
    'init',
    'tty',
    'stdin_open',
  ] as const),
  ...(['hostname', 'domainname', 'platform', 'read_only', 'shm_size', 'tmpfs', 'ulimits', 'stop_signal'] as const),
  ...(['healthcheck', 'depends_on', 'links', 'cap_drop', 'expose', 'secrets', 'configs'] as const),
] as const

// Told where they are lost, since a service may need them.
const missed: Readonly<Record<string, string>> = {
  ports: 'published ports',
  privileged: 'privileges on this machine',
  devices: 'devices of this machine',
  gpus: 'devices of this machine',
  cap_add: 'further capabilities',
  security_opt: 'security options',
  external_links: 'links to containers of other projects',
  extra_hosts: 'names of other machines',
  sysctls: 'kernel settings',
}

// TEST-NET-1, where nobody answers: names of the network are known all the same, others are given up soon.
const nowhere = { dns: ['192.0.2.1'], dns_opt: ['timeout:1', 'attempts:1'] }

/**
 * The model of a copy that can reach nothing but itself. What comes in is what `docker compose config` prints. Every network is
 * internal and has no address on this machine either; every volume is the copy's own; nothing starts again by itself.
 */
export function isolatedModel(model: Json, isolation: Isolation): IsolatedModel {
  const without: string[] = []
  const services = Object.entries(asObject(model['services'])).flatMap(([name, service]) => {
    const image = isolation.images.get(name)
    return image === undefined ? [] : [[name, isolated(name, asObject(service), image, isolation, without)] as const]
  })
  const known = new Set(services.map(([name]) => name))
  return {
    model: {
      name: isolation.projectName,
      services: Object.fromEntries(services.map(([name, service]) => [name, leaningOnKnown(service, known)])),
      networks: networksOf(model, isolation),
      volumes: volumesOf(model, isolation),
      ...filesOf(model, 'secrets', isolation, without),
      ...filesOf(model, 'configs', isolation, without),
    },
    without: [...new Set(without)],
  }
}

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === false || Object.keys(Object(value)).length === 0

function isolated(name: string, service: Json, image: string, isolation: Isolation, without: string[]): Json {
  for (const [key, what] of Object.entries(missed))
    if (key === 'privileged' ? service[key] === true : !isEmpty(service[key])) without.push(`service ${name}: ${what}`)
  return {
    ...Object.fromEntries(kept.filter(key => service[key] !== undefined).map(key => [key, service[key]])),
    image,
    pull_policy: 'never',
    restart: 'no',
    ...nowhere,
    ...networkOf(service),
    volumes: mountsOf(name, service, isolation, without),
    ...(Array.isArray(service['volumes_from']) ? { volumes_from: fromServices(service['volumes_from']) } : {}),
    labels: isolation.labels,
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '1' } },
    cpus: isolation.cpus,
    mem_limit: isolation.memory,
    stop_grace_period: '10s',
  }
}

const fromServices = (from: readonly unknown[]) => from.filter(one => !String(one).startsWith('container:'))

/** Without services that are not in the copy. */
function leaningOnKnown(service: Json, known: ReadonlySet<string>): Json {
  const dependsOn = Object.entries(asObject(service['depends_on'])).filter(([name]) => known.has(name))
  const links = asList(service['links']).filter(link => known.has(String(link).split(':')[0]!))
  return {
    ...service,
    ...(service['depends_on'] === undefined ? {} : { depends_on: Object.fromEntries(dependsOn) }),
    ...(service['links'] === undefined ? {} : { links }),
  }
}

/** Its networks by their keys, without fixed addresses; the container's name that the project fixes is a name in them. */
function networkOf(service: Json): Json {
  const mode = typeof service['network_mode'] === 'string' ? service['network_mode'] : ''
  if (mode === 'none' || mode.startsWith('service:')) return { network_mode: mode }
  const fixed = typeof service['container_name'] === 'string' ? [service['container_name']] : []
  const networks = Object.entries(asObject(service['networks']))
  const all = networks.length > 0 ? networks : [['default', null] as const]
  const withAliases = all.map(([key, network]) => {
    const aliases = [...asList(asObject(network)['aliases']), ...fixed]
    return [key, aliases.length > 0 ? { aliases } : null] as const
  })
  return { networks: Object.fromEntries(withAliases) }
}

function mountsOf(name: string, service: Json, isolation: Isolation, without: string[]): Json[] {
  return asList(service['volumes']).flatMap(value => {
    const mount = asObject(value)
    const { type, source, target } = mount
    if (type === 'volume') return [source === undefined ? { type, target } : { ...mount, source }]
    if (type === 'tmpfs') return [mount]
    const place = type === 'bind' && typeof source === 'string' ? isolation.placeOf(source) : undefined
    if (place === undefined) {
      without.push(`service ${name}: ${String(source ?? type)} of this machine, which is in no point`)
      return []
    }
    const readOnly = mount['read_only'] === true ? { read_only: true } : {}
    return [{ type, source: place, target, ...readOnly, bind: { create_host_path: true } }]
  })
}

function networksOf(model: Json, { projectName, labels }: Isolation): Json {
  const keys = new Set(['default', ...Object.keys(asObject(model['networks']))])
  return Object.fromEntries(
    [...keys].map(key => [
      key,
      {
        name: `${projectName}_${key}`,
        driver: 'bridge',
        internal: true,
        // An internal network still reaches this machine itself, over the address that the bridge has there.
        driver_opts: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
        labels,
      },
    ]),
  )
}

/** The engine's name of a volume of the copy. */
export const isolatedVolumeName = (projectName: string, key: string): string => `${projectName}_${key}`

const volumesOf = (model: Json, { projectName, labels }: Isolation): Json =>
  Object.fromEntries(
    Object.keys(asObject(model['volumes'])).map(key => [
      key,
      { name: isolatedVolumeName(projectName, key), driver: 'local', labels },
    ]),
  )

/** Files of the machine, read where the copy has them. */
function filesOf(
  model: Json,
  kind: 'secrets' | 'configs',
  { placeOf, projectName }: Isolation,
  without: string[],
): Json {
  const all = Object.entries(asObject(model[kind])).map(([key, value]) => {
    const { file, environment, content } = asObject(value)
    const name = `${projectName}_${key}`
    if (typeof file !== 'string')
      return [key, { name, ...(content === undefined ? { environment } : { content }) }] as const
    const place = placeOf(file)
    if (place === undefined) without.push(`the file ${file} of this machine, which is in no point`)
    return [key, { name, file: place ?? '/dev/null' }] as const
  })
  return all.length === 0 ? {} : { [kind]: Object.fromEntries(all) }
}
