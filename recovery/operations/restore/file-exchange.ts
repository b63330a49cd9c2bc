import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { FileEntry } from '../../domain/file-entry.ts'
import { exchangePaths } from '../../drivers/process/exchange-paths.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { fileSha256 } from '../../sources/file-sha256.ts'
import { takeName } from '../../sources/take-name.ts'
import { shellImage } from './exchange-by-copy.ts'
import type { OneFile } from './file-detail.ts'
import { moveFile, writeEntry } from './file-write.ts'
import type { Restoration } from './restoration.ts'

/** Where a new file is written, beside the one whose name it takes. */
export const draftFor = (file: string, id: string): string =>
  path.join(path.dirname(file), `.${path.basename(file)}.aidatavault-${id}`)

/** Writes the new file beside; gives it back with what tells it apart afterwards. */
export async function writeDraft(one: OneFile, entry: FileEntry, { tools, run }: Restoration): Promise<OneFile> {
  const draft = one.draft!
  const { entry: seen, sha256 } = hashed(entry)
  if (one.volume === undefined) {
    await writeEntry(seen, draft)
    if (entry.type === 'file') assertSame(one, sha256(), await fileSha256(draft))
    return { ...one, inode: await inodeOf(draft) }
  }
  const image = await shellImage(one.images, tools.engine, run)
  async function* only(): AsyncGenerator<FileEntry> {
    yield { ...seen, path: Buffer.from(draft) }
  }
  await tools.engine.writeVolume(one.volume, image, only(), run)
  if (entry.type !== 'file') return one
  const told = await inVolume(one.volume, one.images, 'sha256sum <"$1"', [draft], { tools, run })
  assertSame(one, sha256(), told.slice(0, 64))
  return one
}

/** The entry, with what its bytes hash to once they have passed. */
function hashed(entry: FileEntry): { readonly entry: FileEntry; readonly sha256: () => string } {
  const hash = createHash('sha256')
  const { bytes } = entry
  if (!bytes) return { entry, sha256: () => hash.digest('hex') }
  async function* passing(): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes!) {
      hash.update(piece)
      yield piece
    }
  }
  return { entry: { ...entry, bytes: passing() }, sha256: () => hash.digest('hex') }
}

function assertSame({ title }: OneFile, written: string, found: string | undefined): void {
  if (written === found) return
  throw new RecoveryError('verification-failed', `${title}: what was written is not what is read back`, {
    hint: 'the disk may be failing; nothing was changed',
  })
}

export async function removeDraft({ draft, volume, images }: OneFile, { tools, run }: Restoration): Promise<void> {
  if (draft === null) return
  if (volume === undefined) return fs.rm(draft, { force: true })
  await inVolume(volume, images, 'rm -f "$1"', [draft], { tools, run })
}

/**
 * The new file takes the name, and the old one moves to where it is kept. Can be cut off anywhere and done again: the draft's
 * inode tells which of the two has the name. Resolves to what is known of it then.
 */
export async function exchangeFile(one: OneFile, isBeside: boolean, restoration: Restoration): Promise<OneFile> {
  if (one.volume !== undefined) return exchangeInVolume(one, one.volume, restoration)
  await exchangeHere(one, isBeside)
  return one
}

async function exchangeHere(one: OneFile, isBeside: boolean): Promise<void> {
  const { file, draft, kept } = one
  if (draft === null) return (await inodeOf(file)) === '' ? undefined : moveFile(file, kept)
  const there = await inodeOf(file)
  if (there === one.inode) {
    // It has the name; what has the draft's name is the old one.
    if ((await inodeOf(draft)) !== '') await ((await isLink(one, draft)) ? fs.rm(draft) : moveFile(draft, kept))
    return
  }
  if (isBeside || there === '') return takeName(draft, file)
  await exchangePaths(file, draft)
  await moveFile(draft, kept)
}

/** takeName was cut off between its two names for the one file. */
const isLink = async ({ inode }: OneFile, draft: string) => (await inodeOf(draft)) === inode

/** '' where nothing is. */
const inodeOf = (file: string): Promise<string> =>
  fs.lstat(file, { bigint: true }).then(
    stats => String(stats.ino),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return ''
      throw error
    },
  )

// $1: the name, $2: the old one's second name, $3: the draft, '' for none. The old one keeps its inode until the new one has
// the name, so that what is written to it meanwhile is in it; then it becomes a file without other names.
const takeTheName = `
there() { [ -e "$1" ] || [ -L "$1" ]; }
if [ -z "$3" ] || there "$3"; then
  if there "$1"; then ln -f "$1" "$2"; fi
  if [ -n "$3" ]; then mv -f "$3" "$1"; else rm -f "$1"; fi
fi
if there "$2"; then cp -a "$2" "$2.new"; mv -f "$2.new" "$2"; fi
sync
`

async function exchangeInVolume(one: OneFile, volume: string, restoration: Restoration): Promise<OneFile> {
  const { file, draft, kept, images } = one
  const old = `${draft ?? draftFor(file, 'removed')}.old`
  await inVolume(volume, images, takeTheName, [file, old, draft ?? ''], restoration)
  const owner = await copyOut(one, volume, old, kept, restoration)
  await inVolume(volume, images, 'rm -f "$1"', [old], restoration)
  return owner ? { ...one, owner } : one
}

/** The old file, out of the volume, to where it is kept; none is no error. */
async function copyOut(one: OneFile, volume: string, file: string, to: string, { tools, run }: Restoration) {
  const image = await shellImage(one.images, tools.engine, run)
  const { entries, finished } = await tools.engine.readVolume(volume, image, run)
  let owner: OneFile['owner']
  for await (const entry of entries) {
    if (Buffer.from(entry.path).toString() !== file) continue
    owner = { uid: entry.uid, gid: entry.gid }
    await fs.rm(`${to}.new`, { force: true })
    await writeEntry(entry, `${to}.new`)
    await fs.rename(`${to}.new`, to)
    break
  }
  // Stopped on purpose, docker says that it failed.
  await finished.catch((error: unknown) => {
    if (!owner) throw error
  })
  return owner
}

/** Runs a script at the top of a volume, with names in it as its arguments; gives what it prints. */
async function inVolume(
  volume: string,
  images: readonly string[],
  script: string,
  names: readonly string[],
  { tools, run }: Pick<Restoration, 'tools' | 'run'>,
): Promise<string> {
  const image = await shellImage(images, tools.engine, run)
  const paths = names.map(name => (name === '' ? '' : `./${name}`))
  return tools.engine.runOnce(
    {
      ...{ image, entrypoint: 'sh', user: '0', network: 'none' },
      command: ['-euc', `cd /volume\n${script}`, 'sh', ...paths],
      volumes: [{ name: volume, target: '/volume' }],
    },
    run,
  )
}
