import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { makeSpecialFile, posixFeatures, setTimes, setXattr } from '../posix.ts'

const isRoot = process.geteuid?.() === 0

/** Names that have broken backup programs before; the folder they are in goes in front. */
export const oddNames: readonly Buffer[] = [
  ...[
    'with space',
    '-rf',
    '*',
    '"quoted"',
    "it's",
    'back\\slash',
    'new\nline',
    '\x1b[31mred',
    'ä',
    'a\u0308',
    '\u{1f600}',
    '…',
  ],
  ...['a-b', 'a.b', 'a_dir', '\u00a0', '\ue000', '.hidden', '..two', '$HOME', '<html>&', 'x'.repeat(255)],
]
  .map(name => Buffer.from(name))
  .concat([Buffer.from([0xff, 0xfe]), Buffer.from([0x61, 0xc3]), Buffer.from([0xed, 0xa0, 0x80])])

/** Whether the file system there keeps attributes of users. */
export function keepsXattrs(folder: string): boolean {
  if (!posixFeatures.xattrs) return false
  const probe = Buffer.from(`${folder}/probe`)
  fs.writeFileSync(probe, '')
  try {
    setXattr(probe, Buffer.from('user.probe'), Buffer.from('1'))
    return true
  } catch {
    return false
  } finally {
    fs.rmSync(probe)
  }
}

/** Fills an empty folder with every kind of entry and attribute that this user can make. */
export function makeOddFolder(folder: string): void {
  const at = (name: string) => Buffer.from(`${folder}/${name}`)
  makeNames(folder)
  makeSizes(folder)
  makeLinks(at)
  makeModes(at)
  makeSpecialFile(at('fifo'), 'fifo', 0n)
  fs.mkdirSync(at('empty'))
  fs.mkdirSync(at('deep/er/and/deeper'), { recursive: true })
  fs.writeFileSync(at('deep/er/and/deeper/file'), 'down here')
  if (keepsXattrs(folder)) makeXattrs(at)
  if (isRoot) makeRootOnly(at)
  makeTimes(at)
}

function makeNames(folder: string): void {
  fs.mkdirSync(`${folder}/names`)
  for (const name of oddNames) fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/names/`), name]), name)
}

function makeSizes(folder: string): void {
  fs.mkdirSync(`${folder}/sizes`)
  for (const size of [0, 1, 4095, 4096, 4097, 100_000, 350_001])
    fs.writeFileSync(`${folder}/sizes/${size}`, randomBytes(size))
  const sparse = fs.openSync(`${folder}/sizes/sparse`, 'w')
  fs.writeSync(sparse, 'begin', 0)
  fs.writeSync(sparse, 'middle', 1_000_001)
  fs.ftruncateSync(sparse, 3_000_000)
  fs.closeSync(sparse)
}

function makeLinks(at: (name: string) => Buffer): void {
  fs.mkdirSync(at('links'))
  fs.writeFileSync(at('links/b-first'), 'one file with three names')
  fs.linkSync(at('links/b-first'), at('links/a-second'))
  fs.linkSync(at('links/b-first'), at('third'))
  fs.symlinkSync('../third', at('links/relative'))
  fs.symlinkSync('/nowhere/at all', at('links/dangling'))
  fs.symlinkSync(Buffer.from([0x6e, 0xff, 0x0a]), at('links/bytes'))
  fs.symlinkSync('..', at('links/up'))
  fs.linkSync(at('links/dangling'), at('links/dangling-too'))
}

function makeModes(at: (name: string) => Buffer): void {
  fs.mkdirSync(at('modes'))
  for (const mode of [0o000, 0o400, 0o644, 0o755, 0o4755, 0o2755, 0o1777, 0o7777]) {
    if (mode === 0 && !isRoot) continue
    fs.writeFileSync(at(`modes/file-${mode.toString(8)}`), 'x')
    fs.chmodSync(at(`modes/file-${mode.toString(8)}`), mode)
  }
  for (const mode of [0o500, 0o700, 0o1777, 0o2775]) {
    fs.mkdirSync(at(`modes/folder-${mode.toString(8)}`))
    fs.writeFileSync(at(`modes/folder-${mode.toString(8)}/inside`), 'x')
    fs.chmodSync(at(`modes/folder-${mode.toString(8)}`), mode)
  }
}

function makeXattrs(at: (name: string) => Buffer): void {
  fs.mkdirSync(at('xattrs'))
  fs.writeFileSync(at('xattrs/read-only'), 'x')
  setXattr(at('xattrs/read-only'), Buffer.from('user.text'), Buffer.from('ä'))
  setXattr(at('xattrs/read-only'), Buffer.from('user.empty'), Buffer.alloc(0))
  setXattr(at('xattrs/read-only'), Buffer.from('user.bytes'), Buffer.from([0, 255, 10]))
  fs.chmodSync(at('xattrs/read-only'), 0o400)
  setXattr(at('xattrs'), Buffer.from('user.folder'), Buffer.from('too'))
  if (!isRoot) return
  fs.symlinkSync('read-only', at('xattrs/link'))
  setXattr(at('xattrs/link'), Buffer.from('trusted.link'), Buffer.from('its own'))
  fs.writeFileSync(at('xattrs/capable'), 'x')
  // cap_net_bind_service=ep
  setXattr(
    at('xattrs/capable'),
    Buffer.from('security.capability'),
    Buffer.from('0100000200040000000000000000000000000000', 'hex'),
  )
  makeAcls(at)
}

/** As setfacl would write them: user 1234 may read; in the folder this holds for what will be made there. */
function makeAcls(at: (name: string) => Buffer): void {
  const acl = Buffer.from(
    '0200000001000600ffffffff02000400d204000004000400ffffffff10000400ffffffff20000000ffffffff',
    'hex',
  )
  fs.writeFileSync(at('xattrs/acl'), 'x')
  setXattr(at('xattrs/acl'), Buffer.from('system.posix_acl_access'), acl)
  fs.mkdirSync(at('xattrs/acl-folder'))
  fs.writeFileSync(at('xattrs/acl-folder/before'), 'x')
  setXattr(at('xattrs/acl-folder'), Buffer.from('system.posix_acl_default'), acl)
}

function makeRootOnly(at: (name: string) => Buffer): void {
  fs.mkdirSync(at('owners'))
  for (const [uid, gid] of [
    [999, 999],
    [1000, 100],
    [65534, 65534],
    [4_000_000_000, 3_000_000_000],
  ] as const) {
    fs.writeFileSync(at(`owners/${uid}`), 'x')
    fs.chmodSync(at(`owners/${uid}`), 0o640)
    fs.chownSync(at(`owners/${uid}`), uid, gid)
  }
  fs.symlinkSync('999', at('owners/link'))
  fs.lchownSync(at('owners/link'), 999, 999)
  fs.writeFileSync(at('owners/setuid'), 'x')
  fs.chownSync(at('owners/setuid'), 999, 999)
  fs.chmodSync(at('owners/setuid'), 0o6755)
  fs.chownSync(at('owners'), 999, 0)
  makeSpecialFile(at('char'), 'chardev', 1283n)
  makeSpecialFile(at('block'), 'dev', 286338160n)
}

/** Last: everything else would change the folders' times. */
function makeTimes(at: (name: string) => Buffer): void {
  fs.mkdirSync(at('times'))
  const times = { old: -1_500_000_001n, zero: 0n, exact: 1_700_000_000_123_456_789n, far: 4_102_444_800_000_000_001n }
  for (const [name, time] of Object.entries(times)) {
    fs.writeFileSync(at(`times/${name}`), '')
    setTimes(at(`times/${name}`), time, time)
  }
  setTimes(at('times'), 7n, 987_654_321_987_654_321n)
  setTimes(at('links/relative'), 5n, 1_234_567_890_123_456_789n)
  setTimes(at('empty'), 1n, 1_111_111_111_111_111_111n)
}
