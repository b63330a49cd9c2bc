import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EarlyLook, lookAhead } from '../files/early-look.ts'
import { loadIndexFile } from '../load-index.ts'
import { findNode, readFile } from '../read.ts'
import type { Repository } from '../repository.ts'
import { collectBytes } from '../testing/collect.ts'
import { testRepository } from '../testing/test-repository.ts'
import type { Looking, SavedFolder, SaveFolderOptions, Snapshot } from '../types.ts'
import { VaultReader } from '../vault-reader.ts'
import { publish, upload } from './testing/upload.ts'

let folder: string
let repository: Repository
beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'early-'))
  repository = await testRepository()
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => path.join(folder, name)
const write = (name: string, content: string | Buffer) => {
  fs.mkdirSync(path.dirname(at(name)), { recursive: true })
  fs.writeFileSync(at(name), content)
}
const remove = (name: string) => fs.rmSync(at(name), { recursive: true, force: true })

// Files are older than the points, so that their times can be trusted.
const later = () => ({ details: { time: new Date(Date.now() + 60_000) } })

async function save(options: SaveFolderOptions = {}, source = folder) {
  let saved: SavedFolder | undefined
  const snapshot = await publish(
    repository,
    async uploader => void (saved = await uploader.saveFolder('saved', source, options)),
    later(),
  )
  return { snapshot, saved: saved! }
}

const allSeen = (looking: EarlyLook) =>
  vi.waitFor(() => expect(looking.isDone).toBe(true), { interval: 2, timeout: 20_000 })

/** Has everything looked at, lets happen what happens then, and saves the folder by that look. */
async function saveAfter(like: Snapshot, happens: () => void = () => {}) {
  const looking = new EarlyLook(folder, 0)
  try {
    await allSeen(looking)
    happens()
    return await save({ like: { snapshot: like, path: 'saved' }, looking })
  } finally {
    await looking.end()
  }
}

const nodeOf = (snapshot: Snapshot, name: string) => findNode(new VaultReader(repository), snapshot, `saved/${name}`)
const contentOf = async (snapshot: Snapshot, name: string) =>
  (await collectBytes(readFile(new VaultReader(repository), snapshot, `saved/${name}`))).toString()

const names = ['a', 'b', 'c/d', 'c/e', 'f/g/h', 'f/g/i', 'j/k/l']
const changes: Record<string, (name: string) => void> = {
  write: name => fs.existsSync(at(name)) && write(name, `${String(fs.readFileSync(at(name)))} changed`),
  same: name => fs.existsSync(at(name)) && write(name, String(fs.readFileSync(at(name))).toUpperCase()),
  remove,
  removeFolder: name => remove(path.dirname(name) === '.' ? name : path.dirname(name)),
  folder: name => {
    remove(name)
    write(`${name}/inside`, `in ${name}`)
  },
  file: name => {
    const folder = path.dirname(name) === '.' ? name : path.dirname(name)
    remove(folder)
    write(folder, 'a file now')
  },
  link: name => {
    remove(name)
    fs.mkdirSync(path.dirname(at(name)), { recursive: true })
    fs.symlinkSync('nowhere', at(name))
  },
  mode: name => fs.existsSync(at(name)) && fs.chmodSync(at(name), 0o600),
  add: name => write(`${name}+`, `beside ${name}`),
  swap: name => {
    write('swapped', `in place of ${name}`)
    remove(name)
    fs.mkdirSync(path.dirname(at(name)), { recursive: true })
    fs.renameSync(at('swapped'), at(name))
  },
}
/** Where a file stands in the place of a folder, something may fail: the disk is then as it was left. */
const apply = (made: readonly { what: string; name: string }[]) => {
  for (const { what, name } of made)
    try {
      changes[what]!(name)
    } catch (error) {
      if (!['ENOTDIR', 'EEXIST', 'EISDIR'].includes((error as NodeJS.ErrnoException).code!)) throw error
    }
}
const anyChanges = fc.array(
  fc.record({ what: fc.constantFrom(...Object.keys(changes)), name: fc.constantFrom(...names) }),
  {
    maxLength: 4,
  },
)

function statNow(name: string): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(at(name), { bigint: true })
  } catch {
    return undefined
  }
}

/** Every file that the point has: as it was before, or as it is now, and then with what is said of it now. */
async function expectWholeFiles(snapshot: Snapshot, before: ReadonlyMap<string, string>) {
  for (const name of [...names, ...names.map(given => `${given}/inside`), ...names.map(given => `${given}+`)]) {
    const node = await nodeOf(snapshot, name)
    if (node?.type !== 'file') continue
    const content = await contentOf(snapshot, name)
    const now = statNow(name)
    if (now?.isFile() && String(fs.readFileSync(at(name))) === content) {
      // What was not read says nothing of itself but what was true when it was looked at.
      if (content !== before.get(name))
        expect([node.mtime, node.ctime, node.size]).toEqual([now.mtimeNs, now.ctimeNs, now.size])
    } else expect(content).toBe(before.get(name))
  }
}

describe('a folder that was looked at before it is saved', () => {
  it('gives the point that reading everything gives, whatever had changed before the look', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges, async since => {
        for (const entry of fs.readdirSync(folder)) remove(entry)
        for (const given of names) write(given, given)
        const first = await save()
        apply(since)
        const second = await saveAfter(first.snapshot)
        const whole = await save()
        expect(second.snapshot.tree).toBe(whole.snapshot.tree)
        expect(second.saved).toEqual(whole.saved)
      }),
      { numRuns: 6 },
    )
  })

  it('is in the point as it was or as it is now, and the next point lacks nothing, whatever changes behind the look', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges, anyChanges, async (since, behind) => {
        for (const entry of fs.readdirSync(folder)) remove(entry)
        for (const given of names) write(given, given)
        const first = await save()
        apply(since)
        const before = new Map(
          fs
            .readdirSync(folder, { recursive: true, withFileTypes: true })
            .filter(entry => entry.isFile())
            .map(entry => path.join(entry.parentPath, entry.name))
            .map(file => [path.relative(folder, file), String(fs.readFileSync(file))]),
        )
        const second = await saveAfter(first.snapshot, () => apply(behind))
        await expectWholeFiles(second.snapshot, before)
        const third = await saveAfter(second.snapshot)
        const whole = await save()
        expect(third.snapshot.tree).toBe(whole.snapshot.tree)
      }),
      {
        numRuns: 12,
        examples: [
          [[], [{ what: 'write', name: 'a' }]],
          [[{ what: 'write', name: 'c/d' }], [{ what: 'write', name: 'c/d' }]],
          [[{ what: 'same', name: 'c/d' }], [{ what: 'folder', name: 'c/d' }]],
          [[], [{ what: 'file', name: 'f/g/h' }]],
          [[{ what: 'write', name: 'f/g/h' }], [{ what: 'removeFolder', name: 'f/g/h' }]],
        ],
      },
    )
  })

  it('is read where the vault has lost a blob of it', async () => {
    write('in/file', 'content')
    const first = await save()
    for (const { name } of await repository.storage.list('index'))
      for (const { id, blobs } of (await loadIndexFile(repository, name)).packs)
        if (blobs.some(({ type }) => type === 'data')) await repository.storage.remove('data', id)
    const { snapshot } = await saveAfter(first.snapshot)
    expect(await contentOf(snapshot, 'in/file')).toBe('content')
  })

  it('is read where a file changed while the earlier point was taken', async () => {
    write('in/file', 'content')
    const first = await publish(repository, uploader => uploader.saveFolder('saved', folder), {
      details: { time: new Date() },
    })
    const { saved } = await saveAfter(first, () => remove('in/file'))
    expect(saved.gone).toEqual(['in/file'])
  })

  it('is looked at anew where another folder has taken its place, or the look was at another one', async () => {
    write('one/file', 'one')
    write('two/file', 'two')
    const first = await save({}, at('one'))
    const saveOther = async (looking: Looking) => {
      const like = { snapshot: first.snapshot, path: 'saved' }
      const { snapshot } = await save({ like, looking }, at('one'))
      await looking.end()
      return contentOf(snapshot, 'file')
    }
    const other = new EarlyLook(at('two'), 0)
    await allSeen(other)
    expect(await saveOther(other)).toBe('one')
    expect(await saveOther(lookAhead(at('nowhere')))).toBe('one')
    const looking = new EarlyLook(at('one'), 0)
    await allSeen(looking)
    fs.renameSync(at('one'), at('away'))
    fs.renameSync(at('two'), at('one'))
    expect(await saveOther(looking)).toBe('two')
  })

  it('can be saved a second time, by no look any more', async () => {
    write('file', 'before')
    const first = await save()
    const looking = new EarlyLook(folder, 0)
    await allSeen(looking)
    const like = { snapshot: first.snapshot, path: 'saved' }
    await save({ like, looking })
    write('file', 'behind')
    const { snapshot } = await save({ like, looking })
    await looking.end()
    expect(await contentOf(snapshot, 'file')).toBe('behind')
  })
})

describe('a look before its time', () => {
  it('is worth a thread only where there is much to look at', async () => {
    write('file', 'x')
    const looking = lookAhead(folder)
    expect(await looking.begun).toBe(false)
    const first = await save()
    const { snapshot } = await save({ like: { snapshot: first.snapshot, path: 'saved' }, looking })
    expect(snapshot.tree).toBe(first.snapshot.tree)
    await looking.end()
  })

  it('is of no use when it was long ago', async () => {
    write('file', 'before')
    const first = await save()
    const looking = new EarlyLook(folder, 0)
    await allSeen(looking)
    write('file', 'behind')
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_600_000)
    const { snapshot } = await save({ like: { snapshot: first.snapshot, path: 'saved' }, looking })
    now.mockRestore()
    await looking.end()
    expect(await contentOf(snapshot, 'file')).toBe('behind')
  })

  const threads = () => process.getActiveResourcesInfo().filter(name => name === 'MessagePort').length
  const many = () => {
    for (let i = 0; i < 45; i++) for (let file = 0; file < 500; file++) write(`${i}/${file}`, '')
  }

  it('leaves no thread, whether it is used, ended at once, ended twice or broken off while it waits', async () => {
    many()
    const first = await save()
    const like = { snapshot: first.snapshot, path: 'saved' }
    const before = threads()
    await Promise.all([lookAhead(folder).end(), lookAhead(at('nowhere')).end()])
    expect(threads()).toBe(before)
    const waiting = lookAhead(folder)
    expect(await waiting.begun).toBe(true)
    await new Promise(resolve => setTimeout(resolve, 1000))
    await Promise.all([waiting.end(), waiting.end()])
    expect(threads()).toBe(before)
    const used = lookAhead(folder)
    await used.begun
    expect((await save({ like, looking: used })).snapshot.tree).toBe(first.snapshot.tree)
    expect(threads()).toBe(before)
    await used.end()
    const failing = lookAhead(folder)
    await failing.begun
    const saving = upload(repository, async uploader => {
      const folderSaved = uploader.saveFolder('saved', folder, { like, looking: failing })
      uploader.fail(new Error('broken off'))
      await folderSaved
    })
    await expect(saving).rejects.toThrow('broken off')
    await failing.end()
    expect(threads()).toBe(before)
  })
})
