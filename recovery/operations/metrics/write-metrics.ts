import fs from 'node:fs/promises'
import path from 'node:path'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { newRunId } from '../../journal/run-history.ts'
import { configOf, type ProjectPlace } from '../routine/project-folder.ts'
import { metricsText } from './metrics-text.ts'

// The node exporter is another user.
const mode = 0o644

/** Writes the figures into a file that is the old one or the whole new one at any moment. Rejects with storage-failed where it cannot. */
export async function writeMetrics(place: ProjectPlace, file: string, now: Date): Promise<string> {
  const text = await metricsText(place, now)
  // A command and `run` may write at once; the collector reads no name but *.prom.
  const draft = `${file}.${newRunId()}`
  try {
    await fs.writeFile(draft, text, { flag: 'wx', mode })
    await fs.chmod(draft, mode)
    await fs.rename(draft, file)
  } catch (error) {
    await fs.rm(draft, { force: true }).catch(() => {})
    throw new RecoveryError('storage-failed', `the figures cannot be written to ${file}: ${reasonOf(error)}`, {
      hint: 'see that the folder is there, and that this user may write into it',
      cause: error,
    })
  }
  return text
}

const reasonOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? messageOf(error)

/** The file that `metrics.textfile` names; undefined where it names none. */
export async function textfileOf(place: ProjectPlace): Promise<string | undefined> {
  const { metrics } = await configOf(place)
  return metrics?.textfile === undefined ? undefined : path.resolve(place.directory, metrics.textfile)
}
