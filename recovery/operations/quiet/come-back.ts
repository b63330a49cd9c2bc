import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine, ContainerInspection } from '../../drivers/docker/container-engine.ts'
import type { QuietContainer, QuietRecord } from '../../journal/quiet-record.ts'
import { serviceContainers } from './choose-containers.ts'

// A container's own check runs every 30 seconds unless told otherwise, and may fail three times.
const healthPatienceMs = 120_000
const lookEveryMs = 250
// Beyond the time that the engine gives it to end by itself.
const stopPatienceMs = 5_000

/** Containers that are gone: their services may have others by now. Makes those run, or says what to do. */
export type Replace = (services: readonly string[]) => Promise<void>

/**
 * Lets everything that was quieted go on, in dependency order: a service starts when those it depends on run, and are
 * healthy where they have a check. What cannot start keeps none of the others from it; then this rejects with
 * restore-failed at the end. May be done twice, and by two at once.
 */
export async function comeBack(
  { project, phase, containers }: Omit<QuietRecord, 'version' | 'owner' | 'guardian'>,
  engine: ContainerEngine,
  run: Run,
  replace: Replace,
): Promise<void> {
  const failures: string[] = []
  const look = () => serviceContainers(project, engine, run)
  for (const level of levelsOf(containers)) {
    if (phase === 'stopping') await stopsToEnd(level, look)
    const now = await look()
    const attempt = (work: Promise<void>) => work.catch((error: unknown) => void failures.push(messageOf(error)))
    for (const { id } of level.filter(one => one.mode === 'pause' && find(now, one)?.paused))
      await attempt(engine.changeContainers('unpause', [id], run))
    for (const { id } of level.filter(one => one.mode === 'stop' && find(now, one)?.running === false))
      await attempt(engine.changeContainers('start', [id], run))
    const gone = level.filter(one => !find(now, one)).map(({ service }) => service)
    if (gone.length > 0) await attempt(startOthers([...new Set(gone)], now, engine, run, replace))
    await healthy(level, look, run)
  }
  if (failures.length === 0) return
  throw new RecoveryError('restore-failed', `not all services run again: ${failures.join('; ')}`, {
    hint: 'mend the cause, then start them: docker compose up --detach',
  })
}

type Seen = Awaited<ReturnType<typeof serviceContainers>>
type Look = () => Promise<Seen>

const find = (seen: Seen, { id }: QuietContainer): ContainerInspection | undefined => seen.find(one => one.id === id)

const levelsOf = (containers: readonly QuietContainer[]): QuietContainer[][] =>
  [...new Set(containers.map(({ level }) => level))]
    .toSorted((a, b) => a - b)
    .map(level => containers.filter(one => one.level === level))

/**
 * The engine may still be at stopping one: it runs, and will end. Started now, it would end none the less. One that was not
 * told to stop runs on all the same.
 */
async function stopsToEnd(level: readonly QuietContainer[], look: Look): Promise<void> {
  const longest = Math.max(0, ...level.map(({ stopSeconds }) => stopSeconds * 1000))
  const until = performance.now() + longest + stopPatienceMs
  const mayEnd = (seen: Seen) =>
    level.some(one => {
      const found = find(seen, one)
      return one.mode === 'stop' && found?.running && found.startedAt === one.startedAt
    })
  while (mayEnd(await look()) && performance.now() < until) await sleep(lookEveryMs)
}

/** Compose, or the use of the silence, made new containers of a service: they are to run as the old ones did. */
async function startOthers(
  services: readonly string[],
  seen: Seen,
  engine: ContainerEngine,
  run: Run,
  replace: Replace,
): Promise<void> {
  const still = services.filter(service => !seen.some(one => one.service === service && one.running))
  const there = seen.filter(({ service }) => still.includes(service))
  await engine.changeContainers(
    'start',
    there.map(({ id }) => id),
    run,
  )
  const none = still.filter(service => !there.some(one => one.service === service))
  if (none.length > 0) await replace(none)
}

async function healthy(level: readonly QuietContainer[], look: Look, run: Run): Promise<void> {
  const awaited = level.filter(one => one.awaited)
  if (awaited.length === 0) return
  const until = performance.now() + healthPatienceMs
  for (;;) {
    const seen = await look()
    const ill = awaited.filter(one => {
      const found = find(seen, one)
      return found?.running && found.health !== 'healthy' && found.health !== 'none'
    })
    if (ill.length === 0) return
    if (performance.now() > until) {
      const names = ill.map(({ name }) => name).join(', ')
      return run.report({ kind: 'warning', text: `${names}: started, and not healthy after two minutes` })
    }
    await sleep(lookEveryMs)
  }
}
