import type { Part, PointWriter, SavedPart, TakenPipe } from '../domain/point-content.ts'
import { currentStep, type Run } from '../domain/run.ts'
import type { EarlierPoints } from './earlier-points.ts'
import type { LooksAhead } from './looks-ahead.ts'
import type {
  Looking,
  SavedFile,
  SavedFolder,
  SaveFolderOptions,
  Snapshot,
  Uploader,
  VaultRun,
} from '../../vault/index.ts'
import { toVaultEntries } from './entry-adapter.ts'

const savedFile = (saved: Pick<SavedFile, 'bytes' | 'sha256'>): SavedPart => ({
  files: 1,
  folders: 0,
  others: 0,
  bytes: saved.bytes,
  sha256: saved.sha256,
  skipped: [],
})

const savedFolder = (saved: SavedFolder): SavedPart => ({ ...saved, sha256: '' })

/** The vault's view of a run: it reports progress under the step that asks for something, or under `step`. */
export const vaultRun = (run: Run, step: string): VaultRun => ({
  signal: run.signal,
  now: () => run.clock.now().getTime(),
  onProgress: done => run.report({ kind: 'progress', step: currentStep() ?? step, ...done }),
})

/** Folder options: what to take, and where an earlier point has the same folder, whose unchanged files are not read again. */
const folderOptions = (
  part: Part & { kind: 'folder' },
  previous: Snapshot | undefined,
  looking: Looking | undefined,
): SaveFolderOptions => {
  const { select, blockBytes } = part
  return {
    ...(blockBytes ? { blockBytes } : {}),
    ...(select ? { select: (path, type) => select(path, type === 'dir') } : {}),
    ...(previous ? { like: { snapshot: previous, path: part.path } } : {}),
    ...(looking ? { looking } : {}),
  }
}

async function saveStream(uploader: Uploader, part: Part & { kind: 'stream' }): Promise<SavedFile> {
  const { path, bytes, finished, check } = part
  let pipe: TakenPipe | undefined
  const save = async () => {
    pipe = 'takePipe' in bytes ? await bytes.takePipe() : undefined
    return uploader.saveStream(path, pipe ?? bytes)
  }
  try {
    const [saved] = await Promise.all([save(), finished])
    check?.(saved.head)
    return saved
  } catch (error) {
    // It may be in the point already, and must not count.
    uploader.fail(error)
    void pipe?.abandon()
    throw error
  }
}

/**
 * Sends the parts of sources into a new point. A part counts only when its program has ended well.
 * `earlier` are points of the same project; `looks` may have begun to look at folders.
 */
export function pointWriter(uploader: Uploader, earlier?: EarlierPoints, looks?: LooksAhead): PointWriter {
  const save = async (part: Part): Promise<SavedPart> => {
    switch (part.kind) {
      case 'stream':
        return savedFile(await saveStream(uploader, part))
      case 'file':
        return savedFile(await uploader.saveFile(part.path, part.file))
      case 'folder': {
        const options = folderOptions(part, earlier?.holding(part.path)?.snapshot, looks?.at(part.folder))
        return savedFolder(await uploader.saveFolder(part.path, part.folder, options))
      }
      case 'entries': {
        const entries = toVaultEntries(part.entries)
        const cutting = part.blockBytes ? { blockBytes: part.blockBytes } : {}
        const [saved] = await Promise.all([uploader.saveEntries(part.path, entries, cutting), part.finished])
        return savedFolder(saved)
      }
    }
  }
  const saveEarlier: PointWriter['saveEarlier'] = async (path, file) => {
    const snapshot = earlier?.holding(path)?.snapshot
    return snapshot && (await uploader.saveEarlier(path, snapshot, file.bytes)) ? savedFile(file) : undefined
  }
  return { save, saveEarlier, fail: reason => uploader.fail(reason) }
}
