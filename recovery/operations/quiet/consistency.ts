import { RecoveryError } from '../../domain/errors.ts'
import type { Project, ProjectService } from '../../project/project.ts'

/** How a service is kept from writing while its volumes are read, and who said so. */
export interface Consistency {
  readonly service: string
  readonly mode: 'hot' | 'pause' | 'stop'
  /** For people. */
  readonly from: string
}

const ownLabel = 'aidatavault.consistency'
// What docker-volume-backup stops by. Any word can stand there: it chooses among several of its backups, and means one of them.
const otherLabel = 'docker-volume-backup.stop-during-backup'

/**
 * What aidatavault.yml and labels say of each service; aidatavault.yml wins, then our own label. Rejects with
 * project-invalid where they say it of a service that is not there, or in a word that means nothing: it would silently
 * protect less.
 */
export function consistencyOf(project: Project): readonly Consistency[] {
  assertKnown(project)
  return project.services.map(service => ({ service: service.name, ...saidOf(service, project) }))
}

function saidOf(service: ProjectService, { config, compose }: Project): Omit<Consistency, 'service'> {
  const configured = config.services?.[service.name]?.consistency
  if (configured) return { mode: configured, from: 'aidatavault.yml' }
  const labels = {
    ...service.containers[0]?.labels,
    ...compose?.model.services.find(({ name }) => name === service.name)?.labels,
  }
  const own = labels[ownLabel]
  if (own !== undefined) return { mode: modeOf(own, service.name), from: `label ${ownLabel}` }
  if (labels[otherLabel] !== undefined && !/^(false|0|no|off|)$/i.test(labels[otherLabel].trim()))
    return { mode: 'stop', from: `label ${otherLabel}` }
  return { mode: 'hot', from: 'nothing said' }
}

function modeOf(label: string, service: string): Consistency['mode'] {
  const mode = label.trim().toLowerCase()
  if (mode === 'hot' || mode === 'pause' || mode === 'stop') return mode
  throw new RecoveryError('project-invalid', `service ${service}: the label ${ownLabel} is none of hot, pause, stop`, {
    hint: 'correct it in the compose file',
  })
}

function assertKnown({ config, services }: Project): void {
  const names = services.map(({ name }) => name)
  const unknown = Object.keys(config.services ?? {}).find(name => !names.includes(name))
  if (unknown === undefined) return
  throw new RecoveryError(
    'project-invalid',
    `aidatavault.yml, services.${unknown}: there is no such service (there are: ${names.join(', ') || 'none'})`,
    { hint: 'correct the name' },
  )
}
