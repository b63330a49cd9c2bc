import type { ComposeModel } from '../../drivers/docker/compose.ts'

type Services = ComposeModel['services']

/** Everything that a service depends on, directly or through others; links and shared networks count, as Compose has it. */
export function dependenciesOf(services: Services, name: string, found = new Set<string>()): ReadonlySet<string> {
  for (const dependency of services.find(service => service.name === name)?.dependsOn ?? []) {
    if (found.has(dependency)) continue
    found.add(dependency)
    dependenciesOf(services, dependency, found)
  }
  return found
}

/** 0 for a service that depends on none of the others; else one more than the highest of those. */
export function levelOf(services: Services, name: string, among: ReadonlySet<string>): number {
  // Each of them has fewer dependencies than the service itself, so this ends.
  const below = [...dependenciesOf(services, name)].filter(dependency => among.has(dependency) && dependency !== name)
  return below.reduce((level, dependency) => Math.max(level, 1 + levelOf(services, dependency, among)), 0)
}

/**
 * The services that lose their network (or processes, or memory) when one of these is stopped, because they live in its:
 * `network_mode: service:NAME`. They have to be stopped and started with it.
 */
export function withSharers({ services, raw }: Pick<ComposeModel, 'services' | 'raw'>, stopped: readonly string[]) {
  const all = new Set(stopped)
  const rawServices = (raw['services'] ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>> | null>>
  const hosts = (name: string) =>
    ['network_mode', 'ipc', 'pid'].map(key => /^service:(.+)$/.exec(String(rawServices[name]?.[key] ?? ''))?.[1])
  for (let before = -1; before !== all.size;) {
    before = all.size
    for (const { name } of services) if (hosts(name).some(host => host !== undefined && all.has(host))) all.add(name)
  }
  return [...all]
}
