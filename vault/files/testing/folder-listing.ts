import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import fs from 'node:fs'

/**
 * A folder's entries as GNU find and getfattr see them, one line each, sorted: an eye that is not ours. Names as bytes in
 * latin1; inodes replaced by the first name that has them.
 */
export function listFolderIndependently(folder: string): string[] {
  const format = '%P\\0%y\\0%m\\0%U\\0%G\\0%T@\\0%l\\0%s\\0%i\\0%n\\0\\n\\0'
  const fields = execFileSync('find', [folder, '-printf', format], { encoding: 'latin1', maxBuffer: 1 << 30 }).split(
    '\0',
  )
  const records: string[][] = []
  for (let i = 0; i + 11 <= fields.length; i += 11) records.push(fields.slice(i, i + 10))
  records.sort((a, b) => (a[0]! < b[0]! ? -1 : 1))
  const firstNames = new Map<string, string>()
  return records.map(record => listLine(folder, record, firstNames))
}

function listLine(folder: string, record: string[], firstNames: Map<string, string>): string {
  const [name, type, mode, uid, gid, time, link, size, inode, links] = record as [string, ...string[]]
  const path = Buffer.concat([Buffer.from(folder), Buffer.from(name ? `/${name}` : '', 'latin1')])
  const first = type !== 'd' && links !== '1' ? (firstNames.get(inode!) ?? name) : ''
  firstNames.set(inode!, first)
  const content = type === 'f' ? `${size} ${hash('sha256', fs.readFileSync(path))}` : ''
  const device = type === 'b' || type === 'c' ? String(fs.lstatSync(path).rdev) : ''
  return [name, type, mode, uid, gid, time, link, content, device, first, attributes(path)].join('|')
}

/** `getfattr` wants a text as argument: names that are none are not asked about. */
function attributes(path: Buffer): string {
  const text = path.toString()
  if (!Buffer.from(text).equals(path)) return ''
  return execFileSync('getfattr', ['-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', '--', text], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .toString('latin1')
    .split('\n')
    .slice(1)
    .filter(line => line !== '' && !line.startsWith('security.selinux'))
    .sort()
    .join(',')
}
