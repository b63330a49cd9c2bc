type Json = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const initScripts = '/docker-entrypoint-initdb.d'

// Ways to lean on another service, which is not there yet.
const leaning = ['depends_on', 'links', 'volumes_from', 'network_mode', 'pid', 'ipc'] as const

const leansOnService = (key: string, value: unknown): boolean =>
  key === 'depends_on' || key === 'links' || key === 'volumes_from' || asString(value).startsWith('service:')

/**
 * The model in which a database service runs alone while its data comes back: nothing published, waiting for no other
 * service, and without the scripts that fill a new database, which would put the first day's data beside the recovered.
 * Its image is the one that the recovery has already seen to.
 * The model is what `docker compose config` prints; the volumes, networks, command and health check stay as they are.
 * `adapt` changes the service further; `labels` tell the container apart from one that the project itself has started.
 */
export function stageModel(
  model: Json,
  service: string,
  labels: Readonly<Record<string, string>>,
  adapt: (service: Json) => Json = same => same,
): Json {
  const whole = asObject(asObject(model.services)[service])
  const { ports: _ports, profiles: _profiles, restart: _restart, pull_policy: _policy, ...rest } = whole
  const leans = leaning.filter(key => leansOnService(key, rest[key]))
  const kept = Object.fromEntries(Object.entries(rest).filter(([key]) => !leans.some(name => name === key)))
  const volumes = asList(kept.volumes).filter(volume => !asString(asObject(volume).target).startsWith(initScripts))
  const tmpfs = [...(typeof kept.tmpfs === 'string' ? [kept.tmpfs] : asList(kept.tmpfs)), initScripts]
  return {
    ...model,
    services: { [service]: adapt({ ...kept, volumes, tmpfs, labels: { ...asObject(kept.labels), ...labels } }) },
  }
}

const asString = (value: unknown): string => (typeof value === 'string' ? value : '')
