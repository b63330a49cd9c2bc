import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { ignoreState, stateFolder } from '../../journal/state-folder.ts'
import { replaceFile } from '../../journal/replace-file.ts'
import type { ChainEnd } from './chain.ts'

const ends = z.record(z.string(), z.object({ sequence: z.number(), hash: z.string() }))
const fileOf = (root: string) => path.join(root, stateFolder, 'drills.json')

/** The last report of each vault that was seen from this project's folder. */
async function readEnds(root: string): Promise<Record<string, ChainEnd>> {
  const text = await fs.readFile(fileOf(root), 'utf8').catch(() => '{}')
  try {
    return ends.parse(JSON.parse(text))
  } catch {
    return {}
  }
}

export const rememberedEnd = async (root: string, vault: string): Promise<ChainEnd | undefined> =>
  (await readEnds(root))[vault]

/** Writes down the last report that this folder has seen: whoever takes it out of the vault is found out. */
export async function rememberEnd(root: string, vault: string, end: ChainEnd): Promise<void> {
  await fs.mkdir(path.join(root, stateFolder), { recursive: true })
  await ignoreState(root)
  await replaceFile(fileOf(root), `${JSON.stringify({ ...(await readEnds(root)), [vault]: end }, null, 2)}\n`)
}
