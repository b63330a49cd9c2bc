import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'

export type Direction = 'up' | 'down'

/** A TCP connection that does what a test wants: for protocols that are not HTTP. */
export interface FaultyWire extends AsyncDisposable {
  readonly port: number
  /** Cuts every connection, the present and the next ones, once so many bytes went that way over it. */
  cutAfter(direction: Direction, bytes: number): void
  /** From now on nothing goes through any more, and connections stay. */
  stall(): void
  /** New connections go through again. */
  heal(): void
  /** Connections so far. */
  readonly connections: number
}

/** Stands between a client and a server on loopback, and lets everything through at first. */
export async function startFaultyWire(serverPort: number): Promise<FaultyWire> {
  let limits: Partial<Record<Direction, number>> = {}
  let stalled = false
  let connections = 0
  const open = new Set<Socket>()
  const server = net.createServer(client => {
    connections++
    const onward = net.connect(serverPort, '127.0.0.1')
    const cut = () => [client, onward].forEach(end => end.destroy())
    for (const [from, to, direction] of [
      [client, onward, 'up'],
      [onward, client, 'down'],
    ] as const) {
      let passed = 0
      open.add(from)
      from.on('error', cut).on('close', () => {
        open.delete(from)
        cut()
      })
      from.on('data', piece => {
        if (stalled) return
        const left = piece.subarray(0, (limits[direction] ?? Infinity) - passed)
        passed += left.length
        // The last byte is sent before the cut.
        if (passed >= (limits[direction] ?? Infinity)) return to.write(left, cut)
        if (!to.write(left)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter: (direction, bytes) => (limits = { ...limits, [direction]: bytes }),
    stall: () => void (stalled = true),
    heal: () => {
      limits = {}
      stalled = false
    },
    get connections() {
      return connections
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
