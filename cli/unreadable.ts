import { shortId, type UnreadablePoint } from '../recovery/operations/index.ts'
import type { Terminal } from './terminal.ts'

/** Names the points that cannot be read; what else there is goes on. */
export function warnOfUnreadable(points: readonly UnreadablePoint[], terminal: Terminal): void {
  for (const { id, why } of points)
    terminal.warn(`point ${shortId(id)} cannot be read, and is left aside: ${why} (see: aidatavault check)`)
}

export const unreadableJson = ({ id, time, why }: UnreadablePoint) => ({
  point: id,
  time: time?.toISOString() ?? null,
  state: 'unreadable' as const,
  why,
})
