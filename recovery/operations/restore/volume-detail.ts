import { z } from 'zod'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { volumeExchange } from './exchange-volumes.ts'

/**
 * What the journal of a restored volume tells. Its steps, in their order: 'new volume' (`made` is filled beside),
 * 'empty volume' (a volume that was gone is made), 'stop', 'exchange' (`place` and `made` change places; without anything at
 * `place`: 'move'; 'exchange, half-way' where it failed and could not be taken back yet), 'exchanged', 'back' (they change places again, for the services did not come up), 'taken back'.
 */
const volumeDetail = z.object({
  undoes: z.string().optional(),
  key: z.string(),
  kind: z.enum(['volume', 'bind']),
  /** The engine's name, or an absolute path. */
  place: z.string(),
  /** Brought back beside: `place` is new, and nothing else was touched. */
  into: z.string().optional(),
  /** Nothing was at `place` before. */
  hadNone: z.boolean(),
  /** What is filled beside, and afterwards holds the old content. */
  made: z.string().optional(),
  /** `made` was there before, kept by the restore that is undone. */
  madeIsKept: z.boolean().optional(),
  exchange: volumeExchange.optional(),
  back: volumeExchange.optional(),
})
export type VolumeDetail = z.infer<typeof volumeDetail>

/** undefined: it was cut off before anything but the safety point was made. */
export const volumeDetailOf = ({ record }: RestoreJournal): VolumeDetail | undefined =>
  volumeDetail.safeParse(record.detail).data
