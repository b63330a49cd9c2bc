import path from 'node:path'
import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { LeftOut, Project } from '../../project/project.ts'
import { envGaps } from '../config/check-config.ts'
import { shellVariables } from '../config/compose-variables.ts'
import { surveyConfig } from '../config/survey-config.ts'
import type { Tools } from '../tools.ts'
import { yellow, type Judged } from './light.ts'
import type { Patience } from './patience.ts'

/** Something of the project that no point will bring back, or that is not as it should be for that. */
export interface Gap extends Judged {
  readonly what: string
  readonly why: string
}

/** Everything that is protected by nothing: what discovery left out, what containers keep in themselves, what env files lack. */
export async function lookAtGaps(project: Project, tools: Tools, patience: Patience): Promise<Gap[]> {
  const missed = project.leftOut.filter(({ harmless }) => !harmless).map(gapOf)
  const more = await Promise.all([
    // What its engine does not answer is told with the databases and volumes.
    project.compose?.engineAnswers === false
      ? []
      : patience.within(run => writtenInside(project, tools, run)).catch(unknown('what containers keep in themselves')),
    patience.within(run => inFiles(project, run)).catch(unknown('env files beside their examples')),
  ])
  return [...missed, ...more.flat()]
}

/** Silence would look as if nothing were wrong. */
const unknown =
  (what: string) =>
  (error: unknown): Gap[] => [{ what, why: `not known: ${messageOf(error)}`, ...yellow('aidatavault status --wait') }]

const gapOf = ({ what, why }: LeftOut): Gap => ({ what, why: `not protected: ${why}`, ...yellow() })

// Logs, process ids and the like; whoever keeps data in there has soon more.
const worthTellingBytes = 1024 * 1024

/** A container's own layer goes with it: with every new image, and with `docker compose down`. */
async function writtenInside({ services }: Project, { engine }: Tools, run: Run): Promise<Gap[]> {
  const containers = services.flatMap(service => service.containers)
  const written = await engine.writtenBytes(
    containers.map(({ id }) => id),
    run,
  )
  return containers.flatMap(({ id, name }) => {
    const bytes = written.get(id) ?? 0
    if (bytes < worthTellingBytes) return []
    const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`
    const why = `not protected: ${size} in its own layer, which is gone with it; what counts belongs on a volume`
    return [{ what: `container ${name}`, why, ...yellow(`docker diff ${name}`) }]
  })
}

async function inFiles(project: Project, run: Run): Promise<Gap[]> {
  const survey = await surveyConfig(project.directory, project, run)
  const findings = survey.places.flatMap(place => envGaps(place, path.relative(survey.root, place.file)))
  const byFile = Map.groupBy(findings, ({ file }) => file)
  const inShell = shellVariables(survey)
  return [
    ...[...byFile].map(([file, ofFile]) => {
      const keys = ofFile.flatMap(({ key }) => key ?? [])
      if (keys.length === 0) return { what: file, why: 'it is not there; its example is', ...yellow(`aidatavault config new ${file}`) } // prettier-ignore
      return { what: file, why: `it lacks ${keys.join(', ')}, which its example has`, ...yellow('aidatavault config check') } // prettier-ignore
    }),
    ...inShell.map(name => ({
      what: `variable ${name}`,
      why: 'not protected: Compose takes it from this shell, and no file has it; write it into .env',
      ...yellow(),
    })),
  ]
}
