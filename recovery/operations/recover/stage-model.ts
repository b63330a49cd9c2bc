type Json = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const initScripts = '/docker-entrypoint-initdb.d'

/**
 * The model in which a database service runs alone while its data comes back: nothing published, waiting for no other
 * service, and without the scripts that fill a new database, which would put the first day's data beside the recovered.
 * The model is what `docker compose config` prints; the volumes, networks, command and health check stay as they are.
 */
export function stageModel(model: Json, service: string): Json {
  const whole = asObject(asObject(model.services)[service])
  const { ports: _ports, depends_on: _dependsOn, profiles: _profiles, restart: _restart, ...kept } = whole
  const volumes = asList(kept.volumes).filter(volume => !asString(asObject(volume).target).startsWith(initScripts))
  const tmpfs = [...(typeof kept.tmpfs === 'string' ? [kept.tmpfs] : asList(kept.tmpfs)), initScripts]
  return { ...model, services: { [service]: { ...kept, volumes, tmpfs } } }
}

const asString = (value: unknown): string => (typeof value === 'string' ? value : '')
