/**
 * Cuts `length` into pieces and works on `lanes` of them at once, in order. Resolves when all are done; rejects with the
 * first failure once none is under way any more.
 */
export async function inPieces(
  length: number,
  pieceLength: number,
  lanes: number,
  work: (offset: number, length: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < length) {
      const offset = next
      next += pieceLength
      try {
        await work(offset, Math.min(pieceLength, length - offset))
      } catch (error) {
        next = length
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: Math.min(lanes, Math.ceil(length / pieceLength)) }, lane))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
