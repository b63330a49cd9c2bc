import type { Command } from 'commander'
import type { Follow } from '../../program.ts'
import { addRestoreCode } from './code.ts'
import { addRestoreConfig } from './config.ts'
import { addRestoreData } from './data.ts'
import { addRestoreDatabase } from './database.ts'
import { addRestoreFile } from './file.ts'
import { addRestoreVolume } from './volume.ts'

type Add = (parent: Command, follow: Follow) => void

/** One file a kind of part. */
const kinds: readonly Add[] = [
  addRestoreCode,
  addRestoreConfig,
  addRestoreDatabase,
  addRestoreData,
  addRestoreVolume,
  addRestoreFile,
]

export function restoreCommand(program: Command, follow: Follow): void {
  const parent = program
    .command('restore')
    .description('bring one part back into the living project; everything overwritten is kept, and undo takes it back')
  for (const add of kinds) add(parent, follow)
}
