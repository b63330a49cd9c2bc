import { RecoveryError } from '../domain/errors.ts'
import type { Project } from '../project/project.ts'

/**
 * The project with these servers captured physically, whatever aidatavault.yml and labels say; `true`: all of them. Rejects
 * with bad-input where it has no such server.
 */
export function capturedPhysically(project: Project, names: true | readonly string[]): Project {
  const known = project.servers.map(({ name }) => name)
  const unknown = names === true ? undefined : names.find(name => !known.includes(name))
  if (unknown !== undefined || known.length === 0)
    throw new RecoveryError('bad-input', `${unknown ?? 'the project'} is no PostgreSQL server of this project`, {
      hint: known.length === 0 ? 'leave --physical out' : `it has ${known.join(', ')}`,
    })
  const servers = project.servers.map(server =>
    names === true || names.includes(server.name) ? { ...server, method: 'physical' as const } : server,
  )
  return { ...project, servers }
}
