import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CodeFacts } from '../../../contract/manifest.ts'
import { createVault, MemoryStorage, type Snapshot, type Vault } from '../../../vault/index.ts'
import { cheapScrypt } from '../../../vault/testing/test-repository.ts'
import type { RecoveryPoint } from '../../operations/points.ts'
import { pointReader } from '../../operations/point-reader.ts'
import { pointWriter } from '../../operations/point-writer.ts'
import { GitSandbox } from '../testing/git-sandbox.ts'
import { quietRun, testProject } from '../testing/test-project.ts'
import { captureCode, restoreCode } from './index.ts'
import { inPoint } from './layout.ts'

// A bundle is made once, and stands in every point until something that it holds changes.

let sandbox: GitSandbox
let storage: MemoryStorage
let vault: Vault
let last: Taken | undefined
const run = quietRun()

interface Taken {
  readonly facts: CodeFacts
  readonly snapshot: Snapshot
  /** The bundle was made, and not taken over. */
  readonly made: boolean
  /** What git says of refs and HEAD at that time. */
  readonly refs: string
}

beforeEach(async () => {
  sandbox = new GitSandbox()
  sandbox.sh(`git init -q -b main project; cd project; echo one >one; mkdir sub; echo two >sub/two; git add .
    git commit -qm first; echo more >>one; git commit -qam second; git branch side; git tag -am told told HEAD~1`)
  storage = new MemoryStorage()
  vault = await createVault(storage, { password: 'test', username: 'u', hostname: 'h', scrypt: cheapScrypt })
  last = undefined
})
afterEach(() => sandbox.end())

const refsOf = (...names: string[]) =>
  sandbox.sh('git for-each-ref; git symbolic-ref HEAD || git rev-parse HEAD; git stash list', ...names)

/** A point after the last one, as a backup takes it. */
async function take(before = last): Promise<Taken> {
  const point = before && ({ snapshot: before.snapshot, manifest: { code: before.facts } } as RecoveryPoint)
  const earlier = point && { newest: point, holding: () => point }
  const refs = refsOf('project')
  let made = false
  const taken = await vault.withUploader({}, async uploader => {
    const writer = pointWriter(uploader, earlier)
    const save: typeof writer.save = part => {
      if (part.path === inPoint.bundle) made = true
      return writer.save(part)
    }
    const project = testProject(sandbox.at('project'), { git: { top: sandbox.at('project') } })
    const facts = (await captureCode(project, { ...writer, save }, run, before?.facts))!
    await uploader.saveStream('manifest.json', Readable.from([Buffer.from('{}')]))
    const details = { time: new Date(), hostname: 'h', username: 'u', paths: ['/'], tags: [], programVersion: 'test' }
    return { facts, snapshot: await uploader.publish(details) }
  })
  return (last = { ...taken, made, refs })
}

async function expectWhole({ facts, snapshot, refs }: Taken): Promise<void> {
  const reader = pointReader(vault, snapshot, 'test', run)
  sandbox.sh('rm -rf back; mkdir back')
  await restoreCode(facts, reader, sandbox.at('back'), run)
  expect(refsOf('back')).toBe(refs)
  expect(sandbox.sh('git fsck --full --strict --no-dangling --no-progress 2>&1', 'back')).toBe('')
}

/** What somebody does with a repository, one after the other, and whether it needs a new bundle. */
const changes: readonly (readonly [string, string, boolean])[] = [
  ['nothing', 'true', false],
  ['changed files alone', 'echo dirty >>one; echo new >new', false],
  ['a commit', 'git commit -qam third', true],
  ['a collection of garbage', 'git gc -q --prune=now', false],
  ['an amended commit', 'git commit -q --amend -m anew', true],
  [
    'a commit that was undone, and left nothing',
    'git commit -qm x --allow-empty; git reset -q HEAD~1; rm .git/ORIG_HEAD',
    false,
  ],
  ['a moved branch', 'git branch -f side HEAD', true],
  ['a renamed branch', 'git branch -m side other', true],
  ['a deleted branch', 'git branch -qD other; git branch left', true],
  ['a branch that HEAD went over to', 'git checkout -q left', true],
  ['a detached HEAD', 'git checkout -q --detach', true],
  ['a tag', 'git tag light', true],
  ['a stash', 'echo x >>one; git stash -q', true],
  ['something staged', 'echo x >>one; git add one', true],
  ['the same, staged', 'true', false],
  ['a merge that was begun', 'git reset -q --hard HEAD~1; git merge -q --no-commit --no-ff main', true],
  ['a history that became shallow', 'git reset -q --hard main; git rev-parse HEAD >.git/shallow', true],
]

describe('a point after another one', () => {
  it('holds every ref of the repository as it is then, whatever was done to it', async () => {
    await take()
    for (const [name, change, made] of changes) {
      sandbox.sh(change, 'project')
      const taken = await take()
      expect([name, taken.made]).toEqual([name, made])
      await expectWhole(taken)
    }
  })

  it('says of a bundle that stands in it what is so', async () => {
    const first = await take()
    for (let at = 0; at < 2; at++) expect(await take()).toMatchObject({ made: false, facts: first.facts })
    sandbox.sh('git tag light', 'project')
    expect(await take()).toMatchObject({ made: true })
    sandbox.sh('git tag -d light', 'project')
    // The last one holds the tag; one before that has none.
    expect(await take()).toMatchObject({ made: true })
    expect(await take(first)).toMatchObject({ made: false, facts: first.facts })
  })
})

it('what is in a bundle stands there as it is, for the vault to compress, and to know again after the next commit', async () => {
  const text = randomBytes(200).toString('hex')
  fs.writeFileSync(sandbox.at('project', 'text'), text)
  sandbox.sh('git add .; git commit -qm text', 'project')
  await take()
  sandbox.sh('echo more >>one; git commit -qam more', 'project')
  const bytes = await buffer(pointReader(vault, (await take()).snapshot, 'test', run).readFile(inPoint.bundle))
  expect(bytes.includes(text)).toBe(true)
})

describe('a bundle is made anew', () => {
  it('where the vault has lost any of the earlier one', async () => {
    const first = await take()
    for (const { name } of await storage.list('data')) {
      const kept = await storage.load('data', name)
      await storage.remove('data', name)
      // Of all packs, one holds the bundle; without the list of its folder nobody finds it either.
      expect(await take(first)).toMatchObject({ made: true })
      await expectWhole(last!)
      await storage.save('data', name, kept)
    }
  })

  it('where the earlier point has another file there, or none', async () => {
    const first = await take()
    const { bundle, ...without } = first.facts as Extract<CodeFacts, { kind: 'git' }>
    for (const facts of [{ ...without, bundle: { ...bundle!, bytes: bundle!.bytes - 1 } }, without])
      expect(await take({ ...first, facts })).toMatchObject({ made: true })
    const emptied = await vault.withUploader({}, async uploader => {
      await uploader.saveStream('code/record', Readable.from([Buffer.from('r')]))
      return uploader.publish({
        time: new Date(),
        hostname: 'h',
        username: 'u',
        paths: [],
        tags: [],
        programVersion: '',
      })
    })
    expect(await take({ ...first, snapshot: emptied })).toMatchObject({ made: true })
    await expectWhole(last!)
  })

  it('where a ref leads to nothing any more, and what git says of that is heard', async () => {
    sandbox.sh('echo s >s; git checkout -q side; git add s; git commit -qm s; git checkout -q main', 'project')
    await take()
    sandbox.sh('rm -f .git/objects/$(git rev-parse side | sed "s#^..#&/#")', 'project')
    await expect(take()).rejects.toThrow(/side/)
  })
})

it('a point without a new commit is whole although the repository has lost what is older', async () => {
  await take()
  sandbox.sh('rm -f .git/objects/$(git rev-parse HEAD~1:one | sed "s#^..#&/#")', 'project')
  const second = await take()
  expect(second.made).toBe(false)
  await expectWhole(second)
})
