// A pipe takes 64 KiB at once; a write for every header of a small file would cost more than the file.
const pieceBytes = 64 * 1024

/** The same bytes, small pieces gathered into larger ones (copied), large pieces as they are. */
export async function* inLargePieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let gathered = Buffer.allocUnsafe(pieceBytes)
  let length = 0
  for await (const piece of pieces) {
    if (length + piece.length > pieceBytes && length > 0) {
      yield gathered.subarray(0, length)
      gathered = Buffer.allocUnsafe(pieceBytes)
      length = 0
    }
    if (piece.length >= pieceBytes) yield piece
    else {
      gathered.set(piece, length)
      length += piece.length
    }
  }
  if (length > 0) yield gathered.subarray(0, length)
}
