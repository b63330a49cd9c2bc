import net from 'node:net'
import type { Obstacle, PublishedPort } from './plan.ts'

/** Published ports that cannot be had on this machine. */
export async function portsTaken(ports: readonly PublishedPort[]): Promise<Obstacle[]> {
  const obstacles: Obstacle[] = []
  for (const port of ports.filter(({ protocol }) => protocol === 'tcp')) {
    const why = reasons[(await errorOf(port)) ?? '']
    if (why)
      obstacles.push({
        code: 'preflight-failed',
        message: `port ${port.port}, which service ${port.service} publishes, ${why(port)}`,
        hint: 'mend that, or recover without starting the services: --no-start',
      })
  }
  return obstacles
}

const reasons: Readonly<Record<string, (port: PublishedPort) => string>> = {
  EADDRINUSE: () => 'is in use on this machine',
  EADDRNOTAVAIL: ({ hostIp }) => `is to be bound to ${hostIp}, which is no address of this machine`,
}

/** Why it cannot be listened on; undefined when it can. */
function errorOf({ hostIp, port }: PublishedPort): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    server.listen({ port, host: hostIp || '0.0.0.0', exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
