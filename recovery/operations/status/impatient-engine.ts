import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { SurveyedEngine } from '../../project/index.ts'
import { NoAnswer, type Patience } from './patience.ts'

// Without an answer nothing is known of databases and volumes; a busy machine's engine is worth a little more.
const times = 3

/** An engine that hangs is, for a quick look, one that does not answer. */
export function impatientEngine(engine: SurveyedEngine, patience: Patience): SurveyedEngine {
  const asked = async <T>(ask: (run: Run) => Promise<T>): Promise<T> => {
    try {
      return await patience.within(ask, times)
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      throw new RecoveryError('docker-unavailable', `the Docker engine ${error.message}`, { cause: error })
    }
  }
  return {
    facts: () => asked(run => engine.facts(run)),
    listContainers: labels => asked(run => engine.listContainers(labels, run)),
    listVolumes: labels => asked(run => engine.listVolumes(labels, run)),
    inspectImages: references => asked(run => engine.inspectImages(references, run)),
    inspectVolumes: names => asked(run => engine.inspectVolumes(names, run)),
  }
}
