import fs from 'node:fs/promises'
import path from 'node:path'
import { stateFolder } from '../../journal/state-folder.ts'
import { removeFolder } from '../../sources/remove-folder.ts'
import { syncFolder } from '../../sources/take-name.ts'
import type { Exchange, ExchangePlaces } from '../../sources/code/index.ts'

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
