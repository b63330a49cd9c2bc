import net from 'node:net'

const pieceBytes = 256 * 1024

/**
 * Reads an open pipe or socket to its end, and closes it, also where that fails. `onPiece` gets memory that is used again
 * when it returns; meanwhile whoever writes waits. Throws, and does not close it, where it is something else.
 */
export function readPipe(fd: number, onPiece: (bytes: Uint8Array) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const buffer = Buffer.allocUnsafeSlow(pieceBytes)
  let hasEnded = false
  const callback = (length: number): boolean => {
    try {
      onPiece(buffer.subarray(0, length))
      return true
    } catch (error) {
      socket.destroy(error as Error)
      return false
    }
  }
  const socket = new net.Socket({ fd, readable: true, writable: false, onread: { buffer, callback } })
  socket.on('error', reject)
  socket.on('end', () => (hasEnded = true))
  socket.on('close', () => (hasEnded ? resolve() : reject(new Error('it was closed before its end'))))
  socket.resume()
  return promise
}
