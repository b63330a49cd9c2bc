import { kitTextOf, readKitFile } from '../recovery/operations/index.ts'

/** The text of a kit in a file, or of what comes on stdin for -. */
export const readKitWords = (file: string): Promise<string> => (file === '-' ? fromStdin() : readKitFile(file))

async function fromStdin(): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(piece as Buffer)
  return kitTextOf(Buffer.concat(pieces))
}
