import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { untilDone, type Run } from '../../domain/run.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import { keptLabel } from './kept-volume.ts'

/** Two volumes of the engine, a third one that is ours, and an image with a shell to copy with. */
interface Copying {
  readonly a: string
  readonly b: string
  readonly spare: string
  readonly image: string
}

// In the third volume: `a` is the copy. `saved`: it is whole, so that /a may be changed. `placed`: /a holds what /b held, so
// that /b may be changed. `done`: both are whole again, exchanged. Marks are made after what they say is on the disk.
const words = `
set -eu
export LC_ALL=C
tell() (
  cd "$1"
  find . ! -type d -print0 | sort -z | xargs -0 -r stat -c '%N|%f|%u|%g|%Y|%h|%t|%T'
  find . -type d -print0 | sort -z | xargs -0 -r stat -c '%N|%f|%u|%g|%Y'
  find . -type f -print0 | sort -z | xargs -0 -r sha256sum
)
same() {
  tell "$1" >/spare/told-1
  tell "$2" >/spare/told-2
  cmp -s /spare/told-1 /spare/told-2 || { echo 'the copy differs from what was copied' >&2; exit 1; }
}
copy() {
  find "$2" -mindepth 1 -delete
  cp -a "$1/." "$2/"
  same "$1" "$2"
  sync
}
mark() { : >"/spare/$1"; sync; }
unmark() { rm -f "/spare/$1"; sync; }
`

const forwards = `${words}
mkdir /spare/a
copy /a /spare/a
mark saved
copy /b /a
mark placed
copy /spare/a /b
mark done
`

const backwards = `${words}
if [ -e /spare/done ]; then echo after; exit; fi
if [ -e /spare/placed ]; then copy /a /b; unmark placed; fi
if [ -e /spare/saved ]; then copy /spare/a /a; unmark saved; fi
echo before
`

const needed = 'for name in find sort xargs stat sha256sum cmp cp rm mkdir sync; do command -v $name || exit 9; done'

/** The first of these images that has a shell and what a copy needs. Rejects with image-unavailable. */
export async function shellImage(images: readonly string[], engine: ContainerEngine, run: Run): Promise<string> {
  const local = []
  for (const image of new Set(images)) if (await engine.inspectImage(image, run)) local.push(image)
  for (const image of local) {
    const call = { image, entrypoint: 'sh', command: ['-c', needed], user: '0', network: 'none' }
    const works = await engine.runOnce(call, run).then(
      () => true,
      () => run.signal.throwIfAborted(),
    )
    if (works) return image
  }
  throw new RecoveryError(
    'image-unavailable',
    `the folders of volumes cannot be reached from here, and none of the project's images has a shell to copy with (${local.join(', ') || 'none is on this machine'})`,
    { hint: 'run the same command as root on the machine of the Docker engine, or pull an image such as postgres' },
  )
}

const script = ({ a, b, spare, image }: Copying, text: string) => ({
  ...{ image, entrypoint: 'sh', command: ['-c', text], user: '0', network: 'none' },
  volumes: [
    { name: a, target: '/a' },
    { name: b, target: '/b' },
    { name: spare, target: '/spare' },
  ],
})

/** See exchangeVolumes. */
export async function exchangeByCopy(copying: Copying, engine: ContainerEngine, run: Run): Promise<void> {
  const labels = { [keptLabel]: 'exchange' }
  await engine.createVolume({ name: copying.spare, driver: 'local', options: {}, labels }, run)
  try {
    await engine.runOnce(script(copying, forwards), run)
  } catch (error) {
    const state = await settleCopy(copying, engine, untilDone(run)).catch((failure: unknown) => {
      throw brokenOff(copying, failure)
    })
    // Interrupted after its last act.
    if (state === 'after') return
    run.signal.throwIfAborted()
    throw isFull(error) ? full(copying, error) : error
  }
}

/** See settleExchange. The third volume is only made when the exchange begins, and removed when it is written down. */
export async function settleCopy(copying: Copying, engine: ContainerEngine, run: Run): Promise<'before' | 'after'> {
  if (!(await engine.inspectVolume(copying.spare, run))) return 'before'
  return (await engine.runOnce(script(copying, backwards), run)).trim() === 'after' ? 'after' : 'before'
}

const isFull = (error: unknown) => /no space left on device|disk quota exceeded/i.test(messageOf(error))

const full = ({ a, b }: Copying, cause: unknown) =>
  new RecoveryError('storage-full', `no space is left to exchange the contents of ${a} and ${b}; they are as before`, {
    hint: 'make room on the disk of the Docker engine: it is to hold what the volume holds three times for a while',
    cause,
  })

const brokenOff = ({ a, spare }: Copying, cause: unknown) =>
  new RecoveryError(
    'restore-failed',
    `the contents of ${a} could not be put back: ${messageOf(cause)}; a whole copy of them is in folder a of volume ${spare}`,
    { hint: 'mend the cause and run any restore, undo or backup: it tries that again first', cause },
  )
