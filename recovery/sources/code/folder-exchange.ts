import fs from 'node:fs/promises'
import { RecoveryError } from '../../domain/errors.ts'
import { foldersAbove, onDisk, readable } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { applyAttributes, sameAttributes } from './attributes.ts'
import type { Attributes } from './record.ts'
import { move } from './staging.ts'

/** Where things lie while they change places; all on one file system. Absolute. */
export interface ExchangePlaces {
  readonly root: string
  /** What comes in, at the paths that it will have. */
  readonly incoming: string
  /** What goes out, at the paths that it had. */
  readonly outgoing: string
}

/** One move. Each can be done twice, and taken back twice, without harm: what lies where tells whether it was done. */
export type Exchange =
  | { readonly kind: 'out' | 'in'; readonly path: BytePath }
  | { readonly kind: 'make' | 'remove'; readonly path: BytePath; readonly attributes: Attributes }
  | { readonly kind: 'attributes'; readonly path: BytePath; readonly from: Attributes; readonly to: Attributes }

/** Does every move, in order. A failure leaves it to `takeBackExchange`. */
export async function doExchange(exchanges: readonly Exchange[], places: ExchangePlaces): Promise<void> {
  for (const exchange of exchanges) await doOne(exchange, places)
}

/** Takes back those that were done, the last one first: everything in the root is as it was. */
export async function takeBackExchange(exchanges: readonly Exchange[], places: ExchangePlaces): Promise<void> {
  for (const exchange of exchanges.toReversed()) await takeBackOne(exchange, places)
}

async function doOne(exchange: Exchange, { root, incoming, outgoing }: ExchangePlaces): Promise<void> {
  const { path } = exchange
  const place = onDisk(root, path)
  switch (exchange.kind) {
    case 'out':
      return moveWith(place, outgoing, path)
    case 'in':
      await assertFree(place, path)
      return move(onDisk(incoming, path), place)
    case 'make':
      await fs.mkdir(place, { mode: 0o700 })
      return applyAttributes(place, exchange.attributes)
    case 'remove':
      return removeEmpty(place)
    case 'attributes':
      return applyAttributes(place, exchange.to)
  }
}

async function takeBackOne(exchange: Exchange, { root, incoming, outgoing }: ExchangePlaces): Promise<void> {
  const { path } = exchange
  const place = onDisk(root, path)
  switch (exchange.kind) {
    case 'out':
      if (!(await isThere(onDisk(outgoing, path)))) return
      await assertFree(place, path)
      return move(onDisk(outgoing, path), place)
    case 'in':
      if (!(await isThere(onDisk(incoming, path))) && (await isThere(place))) await move(place, onDisk(incoming, path))
      return
    case 'make':
      return removeEmpty(place)
    case 'remove':
      if (!(await isThere(place))) await fs.mkdir(place, { mode: 0o700 })
      return applyAttributes(place, exchange.attributes)
    case 'attributes':
      if (await isThere(place)) await applyAttributes(place, exchange.from)
      return
  }
}

/** With the folders that it needs at the other end. */
async function moveWith(place: Buffer, outgoing: string, path: BytePath): Promise<void> {
  const above = foldersAbove(path).at(-1) ?? ''
  await fs.mkdir(onDisk(outgoing, above), { recursive: true, mode: 0o700 })
  await move(place, onDisk(outgoing, path))
}

/** Something came there since the moves were listed: it is nobody's to overwrite. */
async function assertFree(place: Buffer, path: BytePath): Promise<void> {
  if (await isThere(place))
    throw new RecoveryError('restore-failed', `${readable(path)} appeared while the code was exchanged`, {
      hint: 'let nobody work in the folder meanwhile, and run the same command again',
    })
}

/** A folder that something was put into meanwhile stays. */
async function removeEmpty(place: Buffer): Promise<void> {
  await fs.rmdir(place).catch((error: NodeJS.ErrnoException) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(error.code ?? '')) throw error
  })
}

export const isThere = (place: string | Buffer): Promise<boolean> =>
  fs.lstat(place).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false
      throw error
    },
  )

/** The change of a folder's owner and permissions; none where they are the same. */
export const attributesChange = (path: BytePath, from: Attributes, to: Attributes): Exchange[] =>
  sameAttributes(from, to) ? [] : [{ kind: 'attributes', path, from, to }]
