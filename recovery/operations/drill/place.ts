import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../domain/errors.ts'
import { untilDone, type Run } from '../../domain/run.ts'
import { runOwner, stateOf, thisOwner } from '../../journal/run-owner.ts'
import type { Tools } from '../tools.ts'
import { drillImagePrefix, drillLabel } from './names.ts'

/** Where a drill works: nothing outside of it is touched, and all of it goes away. */
export interface DrillPlace {
  readonly id: string
  /** Absolute, real; readable by its owner alone. */
  readonly folder: string
  /** On everything in the engine. */
  readonly labels: Readonly<Record<string, string>>
}

// A volume that is made first and removed last says, in the engine itself, that there is something to take away, and whose.
const markLabel = 'aidatavault.drill-mark'
const ownerLabel = 'aidatavault.drill-owner'

const owner = runOwner.extend({ since: z.string(), folder: z.string() })

/**
 * Makes a place of its own, uses it, and takes all of it away however that ends: containers, networks, volumes, images, the folder.
 * What killed drills left is taken away first.
 */
export async function withDrillPlace<T>(
  id: string,
  tools: Tools,
  run: Run,
  use: (place: DrillPlace) => Promise<T>,
): Promise<T> {
  await sweepDrills(tools, run)
  const folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), `aidatavault-drill-${id}-`)))
  try {
    await makeMark(id, folder, tools, run)
    return await use({ id, folder, labels: { [drillLabel]: id } })
  } finally {
    await removeDrill(id, folder, tools, untilDone(run))
  }
}

const markOf = (id: string) => `aidatavault-drill-${id}`

async function makeMark(id: string, folder: string, { engine }: Tools, run: Run): Promise<void> {
  const said = JSON.stringify({ ...(await thisOwner()), since: run.clock.now().toISOString(), folder })
  // Without the drill's own label, which is removed with everything that carries it: this one stays to the last.
  const labels = { [markLabel]: id, [ownerLabel]: said }
  await engine.createVolume({ name: markOf(id), driver: 'local', options: {}, labels }, run)
}

/** Takes away what drills left whose process is gone. */
export async function sweepDrills(tools: Tools, run: Run): Promise<void> {
  const { engine } = tools
  for (const name of await engine.listVolumes({}, run)) {
    const id = /^aidatavault-drill-([0-9a-f]{16})$/.exec(name)?.[1]
    const mark = id === undefined ? undefined : await engine.inspectVolume(name, run)
    if (id === undefined || mark?.labels[markLabel] !== id) continue
    const said = owner.safeParse(parseJson(mark.labels[ownerLabel] ?? ''))
    if (said.success) await sweep(id, said.data, tools, run)
  }
}

// Of a process of another machine or container nobody here knows whether it lives. No drill takes a week.
const abandonedAfterMs = 7 * 24 * 3600_000

async function sweep(id: string, held: z.infer<typeof owner>, tools: Tools, run: Run): Promise<void> {
  const state = await stateOf(held)
  const isAbandoned = run.clock.now().getTime() - Date.parse(held.since) > abandonedAfterMs
  if (state === 'alive' || (state === 'unseen' && !isAbandoned)) return
  run.report({ kind: 'note', text: `a drill of ${held.since} was cut off: what it left is taken away` })
  await removeDrill(id, state === 'gone' ? held.folder : undefined, tools, run)
}

/** What cannot be removed now is warned of, and swept by the next drill. */
async function removeDrill(id: string, folder: string | undefined, { engine }: Tools, run: Run): Promise<void> {
  try {
    await engine.removeLabelled(drillLabel, id, run)
    await engine.removeRepository(drillImagePrefix(id), run)
    if (folder !== undefined && isOurs(folder, id)) await fs.rm(folder, { recursive: true, force: true })
    await engine.removeVolume(markOf(id), run)
  } catch (error) {
    run.report({
      kind: 'warning',
      text: `not all of the drill could be taken away; the next one does: ${messageOf(error)}`,
    })
  }
}

/** A label can be written by anyone: only a folder that is named as drills name theirs is removed. */
const isOurs = (folder: string, id: string): boolean => path.basename(folder).startsWith(`aidatavault-drill-${id}-`)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
