import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import { z } from 'zod'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine, ContainerInspection } from '../../drivers/docker/container-engine.ts'
import { exchangePaths, finishExchange } from '../../drivers/process/exchange-paths.ts'
import { isInside } from '../../project/paths.ts'
import type { Tools } from '../tools.ts'
import { exchangeByCopy, settleCopy, shellImage } from './exchange-by-copy.ts'
import { removeKeptVolume } from './kept-volume.ts'

const shared = { a: z.string(), b: z.string() }

/** What a journal keeps of an exchange, so that after a kill it can be told how far it came. */
export const volumeExchange = z.discriminatedUnion('way', [
  // The two folders change places at one instant; which is which is told by their inodes.
  z.object({ way: z.literal('folders'), ...shared, folders: z.array(z.string()), inodes: z.array(z.string()) }),
  // Through a third volume, which holds a whole copy of `a`, and marks of what is whole.
  z.object({ way: z.literal('copy'), ...shared, spare: z.string(), image: z.string() }),
])
export type VolumeExchange = z.infer<typeof volumeExchange>

/**
 * How the contents of two volumes of the engine, which exist, can change places. Changes nothing. `images`: on this machine,
 * to reach volumes through whose folders cannot be reached; one of them needs a shell. Rejects with image-unavailable.
 *
 * What callers write down:
 *   const exchange = await planExchange(a, b, images, tools, run)
 *   await journal.begins('exchange', { exchange })
 *   await exchangeVolumes(exchange, tools, run)
 *   await journal.begins('exchanged')
 *   await endExchange(exchange, tools, run)
 * After a kill at 'exchange', settleExchange(volumeExchange.parse(detail.exchange), …) makes it whole and tells which of the
 * two states it is; after a kill at 'exchanged' or later it has happened. endExchange is due in any case, and can be repeated.
 */
export async function planExchange(
  a: string,
  b: string,
  images: readonly string[],
  { engine }: Tools,
  run: Run,
): Promise<VolumeExchange> {
  const [first, second] = [await engine.volumeFolder(a, run), await engine.volumeFolder(b, run)]
  if (first !== undefined && second !== undefined && (await deviceOf(first)) === (await deviceOf(second))) {
    const folders = [first, second]
    return { way: 'folders', a, b, folders, inodes: await Promise.all(folders.map(inodeOf)) }
  }
  const spare = `${a}_exchange_${randomBytes(4).toString('hex')}`
  return { way: 'copy', a, b, spare, image: await shellImage(images, engine, run) }
}

/** The same for two files or folders of this machine, on one file system; for bind mounts. */
export const planPathExchange = async (a: string, b: string): Promise<VolumeExchange> => ({
  ...{ way: 'folders', a, b, folders: [a, b] },
  inodes: [await inodeOf(a), await inodeOf(b)],
})

/**
 * The contents of the two change places while nothing runs on them (target-exists otherwise). Where it rejects,
 * everything is as it was before; see planExchange for a kill.
 */
export async function exchangeVolumes(exchange: VolumeExchange, { engine }: Tools, run: Run): Promise<void> {
  run.signal.throwIfAborted()
  await assertUnused([exchange.a, exchange.b], engine, run)
  if (exchange.way === 'copy') return exchangeByCopy(exchange, engine, run)
  const [a = '', b = ''] = exchange.folders
  await exchangePaths(a, b)
}

/** After a kill, or a failure: no mixture any more; and which state it is. */
export async function settleExchange(
  exchange: VolumeExchange,
  { engine }: Tools,
  run: Run,
): Promise<'before' | 'after'> {
  if (exchange.way === 'copy') return settleCopy(exchange, engine, run)
  const [a = '', b = ''] = exchange.folders
  await finishExchange(a, b)
  return (await inodeOf(a)) === exchange.inodes[0] ? 'before' : 'after'
}

/** Removes what the exchange itself has made beside the two volumes; after what it led to is written down. */
export async function endExchange(exchange: VolumeExchange, { engine }: Tools, run: Run): Promise<void> {
  if (exchange.way === 'copy') await removeKeptVolume(exchange.spare, engine, run)
}

const inodeOf = async (folder: string) => String((await fs.lstat(folder, { bigint: true })).ino)
const deviceOf = async (folder: string) => (await fs.stat(folder)).dev

/**
 * A container that runs would see the one or the other, or write into what is put aside; also one that mounts something in
 * a folder. `places`: names of the engine, or absolute paths. Rejects with target-exists.
 */
async function assertUnused(places: readonly string[], engine: ContainerEngine, run: Run): Promise<void> {
  const uses = ({ type, name, source }: ContainerInspection['mounts'][number]) =>
    places.some(place => (type === 'volume' ? name === place : type === 'bind' && isInside(source, place)))
  const user = (await engine.listContainers({}, run)).find(({ running, mounts }) => running && mounts.some(uses))
  if (!user) return
  throw new RecoveryError('target-exists', `the container ${user.name} runs on what is to be replaced`, {
    hint: `stop it and run the same command again: docker stop ${user.name}`,
  })
}
