import type { Project } from '../../project/project.ts'

/**
 * Running services that use a server: those that have a login to it and those that depend on it, directly or by others.
 * Where none is known, all but database servers: one of them is the application.
 */
export function servicesUsing(project: Project, server: string): string[] {
  const isServer = (name: string) => project.servers.some(other => other.access === 'service' && other.name === name)
  const running = project.services.filter(({ name, running }) => running && !isServer(name)).map(({ name }) => name)
  const users = new Set(project.logins.filter(login => login.server === server).flatMap(({ from }) => serviceOf(from)))
  const leaning = dependents(project, server)
  const known = running.filter(name => users.has(name) || leaning.has(name))
  return known.length > 0 ? known : running
}

/** A login's place reads 'service NAME, VARIABLE', or a file's name. */
const serviceOf = (from: string): string[] => {
  const name = /^service (.+?), /.exec(from)?.[1]
  return name === undefined ? [] : [name]
}

function dependents({ compose }: Project, server: string): ReadonlySet<string> {
  const found = new Set([server])
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const { name, dependsOn } of compose?.model.services ?? [])
      if (dependsOn.some(other => found.has(other))) found.add(name)
  }
  return found
}
