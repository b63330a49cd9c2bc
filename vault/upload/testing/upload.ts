import { lockTiming } from '../../locks/timing.ts'
import type { Repository } from '../../repository.ts'
import type { Snapshot, SnapshotDetails, Uploader, VaultRun } from '../../types.ts'
import { withUploader, type UploadSettings } from '../uploader.ts'

export const someDetails: SnapshotDetails = {
  time: new Date('2026-05-06T07:08:09.123Z'),
  hostname: 'here',
  username: 'ann',
  paths: ['/srv/shop'],
  tags: [],
  programVersion: 'test',
}

/** Nobody else is there in a test. */
const settings: UploadSettings = { timing: { ...lockTiming, settleMs: 0 } }

export interface TestUpload {
  readonly run?: VaultRun
  readonly settings?: UploadSettings
  readonly details?: Partial<SnapshotDetails>
}

/** One upload, with whatever `use` does. */
export const upload = <T>(repository: Repository, use: (uploader: Uploader) => Promise<T>, test: TestUpload = {}) =>
  withUploader(repository, test.run ?? {}, use, { ...settings, ...test.settings })

/** One upload that is published when `save` is done. */
export const publish = (
  repository: Repository,
  save: (uploader: Uploader) => Promise<unknown>,
  test: TestUpload = {},
): Promise<Snapshot> =>
  upload(
    repository,
    async uploader => {
      await save(uploader)
      return uploader.publish({ ...someDetails, ...test.details })
    },
    test,
  )

/** Bytes as a stream, in pieces of a size. */
export async function* inPieces(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
