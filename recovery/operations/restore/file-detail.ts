import { z } from 'zod'
import type { RestoreJournal } from '../../journal/restore-journal.ts'

const oneFile = z.object({
  /** The user's words for it. */
  words: z.string(),
  /** For people. */
  title: z.string(),
  /** In this volume of the engine, out of reach from here; absent: on this machine. */
  volume: z.string().optional(),
  images: z.array(z.string()),
  /** On this machine absolute, in a volume relative. */
  file: z.string(),
  /** The new one, beside, until it takes the name; null: there is to be none. */
  draft: z.string().nullable(),
  /** Its inode, on this machine, once it is whole. */
  inode: z.string().optional(),
  /** Where the old one is kept on this machine; nothing comes there where there was none. */
  kept: z.string(),
  /** Of the old one in a volume, whose owner this user cannot give to what is kept. */
  owner: z.object({ uid: z.number(), gid: z.number() }).optional(),
})
export type OneFile = z.infer<typeof oneFile>

/**
 * What the journal of restored files tells. Its steps: 'new files' (each is written beside), 'exchange' (each takes its
 * name, and the old one moves to where it is kept), 'exchanged'. From 'exchange' on it goes only forwards.
 */
const fileDetail = z.object({
  undoes: z.string().optional(),
  /** Brought back beside: nothing is overwritten. */
  into: z.string().optional(),
  files: z.array(oneFile),
})
export type FileDetail = z.infer<typeof fileDetail>

/** undefined: it was cut off before anything but the safety point was made. */
export const fileDetailOf = ({ record }: RestoreJournal): FileDetail | undefined =>
  fileDetail.safeParse(record.detail).data
