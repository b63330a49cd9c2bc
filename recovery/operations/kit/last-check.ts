import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../../journal/replace-file.ts'
import { ignoreState, stateFolder } from '../../journal/state-folder.ts'
import type { Project } from '../../project/project.ts'
import type { KitCheck } from './check-kit.ts'

const record = z.object({
  checkedAt: z.iso.datetime(),
  vaults: z.array(z.object({ location: z.string(), key: z.string() })),
})

/** The last time that a kit of the project was found good. */
export interface GoodKitCheck {
  readonly checkedAt: Date
  /** What was on the kit, and the id of the key that its code was. */
  readonly vaults: readonly { readonly location: string; readonly key: string }[]
}

const fileOf = (root: string) => path.join(root, stateFolder, 'kit.json')

/** When a kit of this project was last found good, from this folder; undefined: never, or its code was renewed since. */
export async function lastKitCheck({ root }: Pick<Project, 'root'>): Promise<GoodKitCheck | undefined> {
  const text = await fs.readFile(fileOf(root), 'utf8').catch(() => '')
  try {
    const { checkedAt, vaults } = record.parse(JSON.parse(text))
    return { checkedAt: new Date(checkedAt), vaults }
  } catch {
    return undefined
  }
}

/** Writes down that a kit was found good. */
export async function rememberKitCheck({ root }: Pick<Project, 'root'>, check: KitCheck, at: Date): Promise<void> {
  await fs.mkdir(path.join(root, stateFolder), { recursive: true })
  await ignoreState(root)
  const vaults = check.vaults.map(({ vault, key }) => ({ location: vault, key: key?.id ?? '' }))
  await replaceFile(fileOf(root), `${JSON.stringify({ checkedAt: at.toISOString(), vaults }, null, 2)}\n`)
}

/** For when a code goes that a kit may have: until the next check nobody knows of a good one. */
export const forgetKitCheck = ({ root }: Pick<Project, 'root'>): Promise<void> => fs.rm(fileOf(root), { force: true })
