import { startServer, type ServerProcess } from './server-process.ts'

export interface RestServer extends AsyncDisposable {
  readonly port: number
  /** http://127.0.0.1:PORT */
  readonly url: string
}

/** restic's own REST server on a free port, for the vaults in `folder`. */
export async function startRestServer(folder: string, ...more: string[]): Promise<RestServer> {
  const authentication = more.includes('--htpasswd-file') ? [] : ['--no-auth']
  const args = ['--path', folder, '--listen', '127.0.0.1:0', ...authentication, ...more]
  const server = await startServer('rest-server', args, /start server on .*:(\d+)/)
  const port = Number(server.ready[1])
  return {
    port,
    url: `${more.includes('--tls') ? 'https' : 'http'}://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** The same on a socket of this machine; disposing ends it. */
export const startRestServerOnSocket = (folder: string, socket: string): Promise<ServerProcess> =>
  startServer('rest-server', ['--path', folder, '--no-auth', '--listen', `unix:${socket}`], /start server on/)
