import fs from 'node:fs/promises'
import path from 'node:path'
import { stateFolder } from '../../journal/state-folder.ts'
import { removeFolder } from '../../sources/remove-folder.ts'
import { syncFolder } from '../../sources/take-name.ts'
import { isThere, type Exchange, type ExchangePlaces } from '../../sources/code/index.ts'

/** Where the code of one restore is made ready, and where what it replaces is kept. Both in the project's folder of ours. */
export interface CodePlaces extends ExchangePlaces {
  /** Ours while the restore is at work. */
  readonly workshop: string
  /** The list of moves, on disk before the first of them. */
  readonly list: string
}

export function codePlaces(root: string, id: string): CodePlaces {
  const workshop = path.join(root, stateFolder, `code-${id}`)
  return {
    ...{ root, workshop, incoming: path.join(workshop, 'incoming'), list: path.join(workshop, 'moves.json') },
    outgoing: path.join(root, stateFolder, 'kept', `code-${id}`),
  }
}

export async function writeExchanges(list: string, exchanges: readonly Exchange[]): Promise<void> {
  await fs.writeFile(list, JSON.stringify(exchanges), { mode: 0o600, flush: true })
}

/** None where none were written: then nothing was moved. */
export async function readExchanges(list: string): Promise<readonly Exchange[]> {
  const text = await fs.readFile(list, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '[]'
    throw error
  })
  return JSON.parse(text) as Exchange[]
}

/** The list first: without the things that it names it must not be read again, and without it nothing is moved. */
export async function removeWorkshop({ workshop, list }: CodePlaces): Promise<void> {
  await fs.rm(list, { force: true })
  if (await fs.stat(workshop).catch(() => undefined)) await syncFolder(workshop)
  await removeFolder(workshop)
}

/**
 * Whether somebody wrote to what came in, now that it is back in `incoming`: what was made ready is older than the list of
 * moves. The index counts for nothing, since git renews it when it is only asked.
 */
export async function isWorkedOn({ incoming, list }: CodePlaces): Promise<boolean> {
  const listed = await fs.lstat(list, { bigint: true }).catch(() => undefined)
  if (!listed || !(await isThere(incoming))) return false
  for await (const place of filesBelow(Buffer.from(incoming))) {
    const { mtimeNs, birthtimeNs } = await fs.lstat(place, { bigint: true })
    const isIndex = place.equals(Buffer.from(path.join(incoming, '.git', 'index')))
    if (!isIndex && (mtimeNs > listed.mtimeNs || birthtimeNs > listed.mtimeNs)) return true
  }
  return false
}

async function* filesBelow(folder: Buffer): AsyncGenerator<Buffer> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
    const place = Buffer.concat([folder, Buffer.from('/'), entry.name])
    if (entry.isDirectory()) yield* filesBelow(place)
    else yield place
  }
}

/** What came in takes the place of what is kept, of which folders alone are left when all of it went back. Can be done again after a kill. */
export async function putAsideIncoming(places: CodePlaces): Promise<void> {
  const { incoming, outgoing } = places
  if (await isThere(incoming)) {
    await removeFolder(outgoing)
    await fs.rename(incoming, outgoing)
    await syncFolder(path.dirname(outgoing))
  }
  await removeWorkshop(places)
}
