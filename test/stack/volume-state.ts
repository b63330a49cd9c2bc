import { createHash } from 'node:crypto'
import { must } from './run.ts'

// Reads a volume as root and with the tools of an image that every test has; they need not be on this machine.
const image = 'node:24-slim'

/** Without copying: an engine fills an empty volume from the image, and changes its time, whenever it is mounted. */
const mounted = (volume: string) =>
  volume.startsWith('/')
    ? ['--mount', `type=bind,src=${volume},dst=/volume,readonly`]
    : ['--mount', `type=volume,src=${volume},dst=/volume,readonly,volume-nocopy`]

const inVolume = (volume: string, script: string) =>
  must([
    ...['docker', 'run', '--rm', '--network', 'none', ...mounted(volume), '--workdir', '/volume'],
    ...['--env', 'LC_ALL=C', '--entrypoint', 'bash', image, '-euo', 'pipefail', '-c', script],
  ])

/** Runs a script in a volume (or bind-mounted folder), as root. */
export const fillVolume = (volume: string, scriptFile: string) =>
  must([
    ...['docker', 'run', '--rm', '--network', 'none', '--volume', `${volume}:/volume`],
    ...['--volume', `${scriptFile}:/fill:ro`, '--entrypoint', 'bash', image, '/fill', '/volume'],
  ])

/**
 * Everything about a volume, as text that can be compared: kind, mode, owner, time to the nanosecond, size, link, hard
 * links, the SHA-256 of every file. Bytes stand for themselves (latin1). `xattrs`: also those, where the machine shows them.
 */
export async function volumeState(volume: string): Promise<readonly string[]> {
  const entries = await inVolume(volume, `find . -printf '%P\\t%y\\t%m\\t%U:%G\\t%T@\\t%s\\t%l\\t%n\\t%i\\t%D\\0'`)
  const sums = await inVolume(volume, 'find . -type f -print0 | sort -z | xargs -0 -r sha256sum --zero')
  return [...describeEntries(entries.output), ...split(sums.output).map(line => `sha256 ${line}`)]
}

const split = (bytes: Buffer) => bytes.toString('latin1').split('\0').slice(0, -1)

function describeEntries(found: Buffer): string[] {
  const entries = split(found).map(line => line.split('\t'))
  entries.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
  // An inode number means nothing elsewhere: hard links are told by the first name of the same file.
  const firstName = new Map<string, string>()
  return entries.map(([name = '', type = '', mode, owner, time, size, link, links, inode = '', device]) => {
    const file = `${device}:${inode}`
    if (!firstName.has(file)) firstName.set(file, name)
    const known = type === 'd' ? [] : [size, `links ${links} of ${JSON.stringify(firstName.get(file))}`]
    return [JSON.stringify(name), type, mode, owner, time, link, ...known].join(' ')
  })
}

/** The same as docker cp can tell it: times in whole seconds, and none before 1970. */
export const inWholeSeconds = (state: readonly string[]): string[] =>
  state.map(line =>
    line.replace(/ (-?\d+)\.\d{10} /, (_, seconds: string) => ` ${seconds.startsWith('-') ? 0 : seconds} `),
  )

/** How many bytes of the disk the sparse files take up, by name: holes came back as holes. */
export async function diskUse(volume: string, names: readonly string[]): Promise<readonly number[]> {
  const { stdout } = await inVolume(volume, `stat --format %b -- ${names.map(name => `'${name}'`).join(' ')}`)
  return stdout.trim().split('\n').map(Number)
}

/** Where a volume's files lie on this machine. */
export const mountpoint = async (volume: string): Promise<string> =>
  (await must(['docker', 'volume', 'inspect', '--format', '{{.Mountpoint}}', volume])).stdout.trim()

/** All extended attributes below a folder of this machine, links not followed. */
export async function xattrs(folder: string): Promise<string> {
  const { output } = await must(['getfattr', '-Rhd', '-m', '-', '-e', 'hex', '.'], { cwd: folder })
  const blocks = output.toString('latin1').split('\n\n').filter(Boolean)
  return blocks.sort().join('\n\n')
}

export const fingerprint = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
