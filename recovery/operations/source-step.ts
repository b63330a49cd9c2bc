import type { PointWriter, SavedPart } from '../domain/point-content.ts'
import { step, type Run, type StepOptions } from '../domain/run.ts'

/** One step of a backup that captures a source, and says how many bytes it gave: others may write into the point meanwhile. */
export function sourceStep<T>(
  run: Run,
  name: string,
  writer: PointWriter,
  capture: (writer: PointWriter) => Promise<T>,
  { detail }: Pick<StepOptions<T>, 'detail'>,
): Promise<T> {
  let bytes = 0
  const count = <S extends SavedPart | undefined>(saved: S): S => {
    bytes += saved?.bytes ?? 0
    return saved
  }
  const counting: PointWriter = {
    ...writer,
    save: async part => count(await writer.save(part)),
    saveEarlier: async (path, file) => count(await writer.saveEarlier(path, file)),
  }
  return step(run, name, () => capture(counting), { ...(detail && { detail }), bytes: () => bytes })
}
