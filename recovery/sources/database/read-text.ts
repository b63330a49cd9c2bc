import type { PointReader } from '../../domain/point-content.ts'

/** A small file of the point, as bytes. */
export async function readWhole(reader: PointReader, path: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of reader.readFile(path)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export const readText = async (reader: PointReader, path: string): Promise<string> =>
  (await readWhole(reader, path)).toString('utf8')
