import { freeBytes, reserveBytes, type DatabaseContent, type ServerWork } from '../../sources/database/index.ts'
import type { Obstacle } from '../recover/plan.ts'

interface Coming {
  readonly content: DatabaseContent
}

const majorOf = (version: number): number => Math.floor(version / 10_000)

/** A dump of a newer server than this one. */
export function olderServer({ version, access }: ServerWork, databases: readonly Coming[]): Obstacle[] {
  const newest = Math.max(...databases.map(({ content }) => content.serverVersion))
  if (majorOf(version) >= majorOf(newest)) return []
  return [
    {
      code: 'preflight-failed',
      message: `PostgreSQL ${access.name} is of version ${majorOf(version)}, and the dump is of ${majorOf(newest)}: dumps do not go back to an older version`,
      hint: `use an image of PostgreSQL ${majorOf(newest)}`,
    },
  ]
}

/** The new ones stand beside the old ones; a tenth more than they were, for what grows on the way. */
export async function noSpace({ access, run }: ServerWork, databases: readonly Coming[]): Promise<Obstacle[]> {
  const free = await freeBytes(access, run)
  if (free === undefined) return []
  const needed = databases.reduce((sum, { content }) => sum + content.sizeBytes * 1.1, 0) + reserveBytes(free)
  if (free >= needed) return []
  return [
    {
      code: 'storage-full',
      message: `about ${Math.ceil(needed / 1e6)} MB are needed where PostgreSQL ${access.name} keeps its data, and ${Math.floor(free / 1e6)} MB are free`,
      hint: 'free some space there; what earlier restores keep is listed by: aidatavault status',
    },
  ]
}
