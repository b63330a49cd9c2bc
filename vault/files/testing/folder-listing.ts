import { execFileSync, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import fs from 'node:fs'
import { getXattr, listXattrs } from '../posix.ts'

/**
 * A folder's entries as GNU find and getfattr see them, one line each, sorted: an eye that is not ours. Names as bytes in
 * latin1; inodes replaced by the first name that has them.
 */
export function listFolderIndependently(folder: string): string[] {
  const format = '%P\\0%y\\0%m\\0%U\\0%G\\0%T@\\0%l\\0%s\\0%i\\0%n\\0\\n\\0'
  const fields = run('find', [folder, '-printf', format]).split('\0')
  const records: string[][] = []
  for (let i = 0; i + 11 <= fields.length; i += 11) records.push(fields.slice(i, i + 10))
  records.sort((a, b) => (a[0]! < b[0]! ? -1 : 1))
  const attributes = listAttributes(folder, records)
  const firstNames = new Map<string, string>()
  return records.map(record => listLine(folder, record, attributes, firstNames))
}

const run = (program: string, args: string[]): string =>
  execFileSync(program, args, { encoding: 'latin1', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] })

function listLine(folder: string, record: string[], attributes: Map<string, string>, firstNames: Map<string, string>) {
  const [name, type, mode, uid, gid, time, link, size, inode, links] = record as [string, ...string[]]
  const path = Buffer.concat([Buffer.from(folder), Buffer.from(name ? `/${name}` : '', 'latin1')])
  const first = type !== 'd' && links !== '1' ? (firstNames.get(inode!) ?? name) : ''
  firstNames.set(inode!, first)
  const content = type === 'f' ? `${size} ${hash('sha256', fs.readFileSync(path))}` : ''
  const device = type === 'b' || type === 'c' ? String(fs.lstatSync(path).rdev) : ''
  const values = attributes.get(path.toString('latin1')) ?? ''
  return [name, type, mode, uid, gid, time, link, content, device, first, values].join('|')
}

/** All attributes, in one line, of each path that has some. Without getfattr on the machine, by our own reading. */
function listAttributes(folder: string, records: readonly string[][]): Map<string, string> {
  if (!hasGetfattr()) return new Map(records.map(([name]) => readAttributes(folder, name!)))
  const said = run('getfattr', ['-R', '-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', folder])
  return new Map(
    said
      .split('\n\n')
      .filter(record => record !== '')
      .map(parseAttributes),
  )
}

const hasGetfattr = () => spawnSync('getfattr', ['--version']).status === 0

function parseAttributes(record: string): [string, string] {
  const [path, ...values] = record.split('\n')
  const escaped = path!.slice('# file: '.length)
  const name = escaped.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
  return [name, values.filter(isNoLabel).sort().join()]
}

function readAttributes(folder: string, name: string): [string, string] {
  const path = Buffer.from(folder + (name ? `/${name}` : ''), 'latin1')
  const values = listXattrs(path).map(
    attribute => `${attribute.toString('latin1')}=0x${getXattr(path, attribute).toString('hex')}`,
  )
  return [path.toString('latin1'), values.filter(isNoLabel).sort().join()]
}

const isNoLabel = (value: string) => !value.startsWith('security.selinux')
