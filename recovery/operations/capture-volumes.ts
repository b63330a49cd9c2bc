import type { Manifest, VolumeFacts } from '../../contract/manifest.ts'
import type { PointWriter } from '../domain/point-content.ts'
import type { Run } from '../domain/run.ts'
import type { VolumeInspection } from '../drivers/docker/container-engine.ts'
import type { Project, ProjectVolume } from '../project/project.ts'
import { captureVolume, coldCapture } from '../sources/volume/index.ts'
import type { BackupPlan } from './backup-plan.ts'
import { otherWriters, type Writer } from './quiet/other-writers.ts'
import { withQuiet } from './quiet/with-quiet.ts'
import { sourceStep } from './source-step.ts'
import type { Tools } from './tools.ts'
import { warnOfRunningStores, warnOfSkipped } from './volume-warnings.ts'

/** What was read while services were kept from writing, and for how long they were. */
export type Silence = Pick<Manifest, 'quieted' | 'downMs'>

/**
 * Captures what a plan has of volumes: first those that are read while their services are quiet, then, with everything
 * running, the others. `withCode` is what else is to be read in the silence.
 */
export async function captureVolumes<T>(
  project: Project,
  plan: BackupPlan,
  writer: PointWriter,
  tools: Tools,
  run: Run,
  withCode: () => Promise<T>,
): Promise<{ readonly volumes: readonly VolumeFacts[]; readonly code: T; readonly silence: Silence }> {
  const { quiet } = plan
  // All in one call, while other things are read.
  const looking = tools.engine.inspectVolumes(namesInEngine(plan), run)
  looking.catch(() => {})
  const capture = async (volumes: readonly ProjectVolume[]) => {
    const all: VolumeFacts[] = []
    for (const volume of volumes) {
      const found = (await looking).get(volume.name)
      all.push(await captureOne(volume, found, plan.cold?.get(volume.key), writer, tools, run))
    }
    return all
  }
  if (!quiet) {
    const code = await withCode()
    return { code, volumes: finish(project, plan, await capture(plan.volumes), noSilence, run), silence: {} }
  }
  const isQuiet = ({ key }: ProjectVolume) => quiet.volumes.includes(key)
  const inSilence = plan.volumes.filter(isQuiet)
  const names = quiet.quiets.flatMap(({ services }) => services)
  const others = await otherWriters(project.facts.name, names, inSilence, tools.engine, run)
  const before = quiet.code ? undefined : { code: await withCode() }
  const { result, services, downMs } = await withQuiet(project, quiet.quiets, tools, run, async () => ({
    code: before ? before.code : await withCode(),
    volumes: await capture(inSilence),
  }))
  const captured = [...result.volumes, ...(await capture(plan.volumes.filter(volume => !isQuiet(volume))))]
  const quieted = quiet.services.filter(({ service }) => services.includes(service))
  return {
    code: result.code,
    volumes: finish(project, plan, captured, { quieted, others }, run),
    silence: { quieted: quieted.map(({ service, mode }) => ({ service, mode: modeOf(mode) })), downMs },
  }
}

const namesInEngine = ({ volumes, cold }: BackupPlan): string[] =>
  volumes.filter(({ kind, key }) => kind !== 'bind' && !cold?.has(key)).map(({ name }) => name)

const modeOf = (mode: 'hot' | 'pause' | 'stop') => (mode === 'pause' ? 'pause' : 'stop')

/** `found`: what the engine has said of it; `server`: whose files these are, taken while it is stopped. */
function captureOne(
  volume: ProjectVolume,
  found: VolumeInspection | undefined,
  server: string | undefined,
  writer: PointWriter,
  tools: Tools,
  run: Run,
): Promise<VolumeFacts> {
  const capture = (writer: PointWriter) =>
    server === undefined
      ? captureVolume(volume, tools.engine, writer, run, found && { found })
      : coldCapture(volume, server, tools.engine, writer, run)
  return sourceStep(run, `volume ${volume.key}`, writer, capture, { detail: describeVolume })
}

const describeVolume = ({ files, bytes }: VolumeFacts) => `${files} ${files === 1 ? 'file' : 'files'}, ${bytes} bytes`

/** How the silence was. */
interface Kept {
  readonly quieted: NonNullable<BackupPlan['quiet']>['services']
  readonly others: ReadonlyMap<string, readonly Writer[]>
}
const noSilence: Kept = { quieted: [], others: new Map() }

/** In the plan's order, with how quiet each was; tells of what was not. */
function finish(
  project: Project,
  { volumes, quiet }: BackupPlan,
  captured: readonly VolumeFacts[],
  { quieted, others }: Kept,
  run: Run,
): VolumeFacts[] {
  return volumes.map(volume => {
    const facts = captured.find(({ key }) => key === volume.key)!
    const silent = quiet?.volumes.includes(volume.key) ? quieted : []
    warnOfRunningStores(project, volume, new Set(silent.map(({ service }) => service)), run)
    warnOfSkipped(facts, run)
    const writers = others.get(volume.key) ?? []
    warnOfStrangers(volume, writers, run)
    const consistency = writers.length > 0 ? undefined : consistencyOf(volume, silent)
    return consistency ? { ...facts, consistency } : facts
  })
}

/** undefined where nothing was quieted for it. Of a service that only reads nothing is to be feared. */
function consistencyOf(volume: ProjectVolume, silent: Kept['quieted']): VolumeFacts['consistency'] {
  if (silent.length === 0) return undefined
  const writers = volume.mounts.filter(({ readOnly }) => !readOnly).map(({ service }) => service)
  return silent.some(({ service, mode }) => mode === 'pause' && writers.includes(service)) ? 'pause' : 'stop'
}

/** A service of the project that was left hot was left so by its owner. */
function warnOfStrangers({ key }: ProjectVolume, writers: readonly Writer[], run: Run): void {
  const strangers = writers.filter(({ service }) => service === undefined).map(({ name }) => name)
  if (strangers.length === 0) return
  const text = `volume ${key}: ${strangers.join(', ')} can write to it too, is no service of this project, and went on while it was read`
  run.report({ kind: 'warning', text })
}
