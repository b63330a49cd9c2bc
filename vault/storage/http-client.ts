import type { IncomingHttpHeaders } from 'node:http'

/** A request that can be made again without harm: restic's REST protocol has no others. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** From the server's root, encoded, with a query where there is one. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** A whole answer. A body that was cut off is none: then `send` rejects. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** The way to one server. `send` rejects with a VaultError that says why no whole answer came. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpAnswer>
  /** Ends connections; the next request makes new ones. */
  close(): Promise<void>
}

/** How long may pass without a byte. */
export interface HttpPatience {
  readonly connectMs: number
  /** Long, since a server may store what it has before it says a word: a slow disk, or a cloud behind rclone. */
  readonly stallMs: number
}

export const patience: HttpPatience = { connectMs: 30_000, stallMs: 180_000 }
