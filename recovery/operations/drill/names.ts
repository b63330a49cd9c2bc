/** On every container, network and volume of a drill, with its id. */
export const drillLabel = 'aidatavault.drill'

export const drillProjectName = (project: string, id: string): string => `${project}-drill-${id.slice(0, 8)}`

/** Images of a drill have names of its own, so that no other project's name ever means another image because of it. */
export const drillImagePrefix = (id: string): string => `aidatavault-drill-${id}`
export const drillImage = (id: string, service: string): string =>
  `${drillImagePrefix(id)}:${service.toLowerCase().replace(/[^a-z0-9_.-]/g, '-')}`
