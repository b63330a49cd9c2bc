import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Part, PointWriter } from '../../domain/point-content.ts'
import { GitSandbox, stateOf } from '../testing/git-sandbox.ts'
import { capturedPoint } from '../testing/test-point.ts'
import { quietRun, testBind, testProject, warningsOf } from '../testing/test-project.ts'
import { captureCode, restoreCode, verifyCode } from './index.ts'

let sandbox: GitSandbox
let run: ReturnType<typeof quietRun>

beforeEach(() => {
  sandbox = new GitSandbox()
  run = quietRun()
})
afterEach(() => {
  vi.unstubAllEnvs()
  sandbox.end()
})

const project = () => testProject(sandbox.at('project'), { git: { top: sandbox.at('project') } })
const start = `git init -q -b main project; cd project; echo one >one; mkdir sub; echo two >sub/two; git add .; git commit -qm first`

/** Captures while something happens just before a part is saved. */
const captureWhile = (before: (part: Part) => void) =>
  capturedPoint(async writer => {
    const meddling: PointWriter = {
      ...writer,
      save: part => {
        before(part)
        return writer.save(part)
      },
    }
    return (await captureCode(project(), meddling, run))!
  })

const capture = () => captureWhile(() => {})

async function expectSound(point: Awaited<ReturnType<typeof capture>>): Promise<void> {
  sandbox.sh('mkdir back')
  await restoreCode(point.facts, point.reader, sandbox.at('back'), run)
  const checks = await verifyCode(point.facts, sandbox.at('back'), run, point.reader)
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
}

describe('a work tree that changes while it is captured', () => {
  it('is in the point as it was read, verifiably, and the run says what changed', async () => {
    sandbox.sh(`${start}; for n in changed gone untracked-gone clean; do echo $n >$n; done; git add changed gone clean
      git commit -qm more; echo x >>changed; echo x >>gone; echo u >untracked-gone`)
    const point = await captureWhile(part => {
      if (part.path !== 'code/worktree') return
      sandbox.sh('echo later >>changed; rm gone untracked-gone; echo new >new; echo now >>clean', 'project')
    })
    expect(warningsOf(run).join()).toMatch(/changed while it was captured.*(new|clean|gone)/)
    await expectSound(point)
    expect(sandbox.sh('cat changed; git status --porcelain', 'back')).toBe('changed\nx\nlater\n M changed\n D gone\n')
  })

  it('by a commit and a checkout is still of one moment', async () => {
    sandbox.sh(`${start}; echo s >s; git add s; echo d >>one`)
    const before = stateOf(sandbox, 'project')
    const point = await captureWhile(part => {
      if (part.path === 'code/repository.bundle') sandbox.sh('git commit -qm later; git branch later', 'project')
    })
    await expectSound(point)
    expect(stateOf(sandbox, 'back')).toEqual(before)
  })
})

describe('a capture that cannot be whole fails', () => {
  /** As somebody who is not root, for whom permissions count. */
  const captureAsNobody = () => {
    const script = `
      const { captureCode } = await import(${JSON.stringify(path.join(import.meta.dirname, 'index.ts'))})
      const writer = { save: async part => {
        if (part.kind === 'entries') for await (const entry of part.entries) for await (const piece of entry.bytes ?? []) void piece
        if (part.kind === 'stream') { for await (const piece of part.bytes) void piece; await part.finished }
        return { files: 0, folders: 0, others: 0, bytes: 0, sha256: '', skipped: [] }
      } }
      const run = { signal: new AbortController().signal, clock: { now: () => new Date() }, report: () => {} }
      await captureCode(${JSON.stringify(project())}, writer, run).then(
        () => console.log('captured'),
        error => console.log(error.code + ': ' + error.message))`
    const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
    const env = { ...process.env, HOME: sandbox.folder }
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { ...asNobody, env })
    return stdout.toString() + stderr.toString()
  }

  beforeEach(() => {
    sandbox.sh(
      `chmod 0755 .; ${start}; echo u >untracked; mkdir closed; echo c >closed/c; mkdir -p ../tmp; chmod 1777 ../tmp`,
    )
  })

  it('not when all can be read, whoever owns the repository', () => {
    expect(captureAsNobody()).toBe('captured\n')
  })

  it('naming the file that cannot be read', () => {
    fs.chmodSync(sandbox.at('project', 'untracked'), 0)
    expect(captureAsNobody()).toBe('source-unreadable: untracked cannot be read: EACCES\n')
  })

  it('naming the folder that git cannot look into', () => {
    fs.chmodSync(sandbox.at('project', 'closed'), 0)
    expect(captureAsNobody()).toMatch(/^source-unreadable: closed.* cannot be read/)
  })

  it('when a stash, a staged file or a commit has lost its objects', async () => {
    sandbox.sh('echo s >s; git add s; rm -f .git/objects/$(git rev-parse :s | sed "s#^..#&/#")', 'project')
    await expect(capture()).rejects.toMatchObject({ code: 'capture-failed', message: expect.stringMatching(/staged/) })
    sandbox.sh(
      'git rm -q --cached s; echo t >>one; git stash -q; rm -f .git/objects/$(git rev-parse stash | sed "s#^..#&/#")',
      'project',
    )
    await expect(capture()).rejects.toBeDefined()
  })

  it('when a partial clone has left objects with its remote', async () => {
    sandbox.sh(
      `git -C project config uploadpack.allowFilter true; mv project origin; git clone -q --filter=blob:none --no-checkout "file://$PWD/origin" project`,
    )
    await expect(capture()).rejects.toMatchObject({
      code: 'capture-failed',
      hint: expect.stringContaining('--refetch'),
    })
    sandbox.sh('git fetch -q --refetch --no-filter; git checkout -q main', 'project')
    await expectSound(await capture())
  })

  it('when it is interrupted, and leaves nothing behind', async () => {
    const controller = new AbortController()
    run = quietRun(controller.signal)
    // A folder of this test alone: others work in the usual one at the same time.
    const temporary = fs.mkdtempSync(sandbox.at('tmp-'))
    vi.stubEnv('TMPDIR', temporary)
    let seen = 0
    const capturing = captureWhile(part => {
      seen ||= fs.readdirSync(temporary).length
      if (part.path === 'code/git') controller.abort()
    })
    await expect(capturing).rejects.toBeDefined()
    expect(seen).toBeGreaterThan(0)
    expect(fs.readdirSync(temporary)).toEqual([])
  })
})

it('a mounted folder around the project is said to be left out', async () => {
  sandbox.sh(start)
  const around = { ...project(), volumes: [testBind(sandbox.folder), testBind(sandbox.at('project'))] }
  await capturedPoint(async writer => (await captureCode(around, writer, run))!)
  expect(warningsOf(run)).toEqual([expect.stringContaining(`of the mounted folder ${sandbox.folder} only`)])
})

describe('the user’s git', () => {
  it('runs no hook, no monitor and no filter of the repository while it is captured and brought back', async () => {
    sandbox.sh(`${start}; mark="$PWD/../mark"; printf '#!/bin/sh\\necho "$0" >>%s\\n' "$mark" >../program; chmod +x ../program
      for hook in post-index-change post-checkout reference-transaction; do cp ../program .git/hooks/$hook; done
      git config core.fsmonitor "$PWD/../program"; echo s >s; git -c core.hooksPath=/dev/null -c core.fsmonitor= add s; rm -f "$mark"`)
    await expectSound(await capture())
    expect(fs.existsSync(sandbox.at('mark'))).toBe(false)
    expect(sandbox.sh('git config core.fsmonitor', 'back')).toContain('program')
  })

  it('is not led astray by the environment of the caller', async () => {
    sandbox.sh(`${start}; git init -q ../other`)
    const misleading = {
      GIT_DIR: sandbox.at('other/.git'),
      GIT_INDEX_FILE: '/nowhere',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.bare',
      GIT_CONFIG_VALUE_0: 'true',
    }
    Object.assign(process.env, misleading)
    try {
      await expectSound(await capture())
    } finally {
      for (const name of Object.keys(misleading)) delete process.env[name]
    }
  })
})

describe('bringing code back', () => {
  it('refuses a folder that holds anything but what is ours', async () => {
    sandbox.sh(start)
    const { facts, reader } = await capture()
    sandbox.sh('mkdir back; echo precious >back/file')
    await expect(restoreCode(facts, reader, sandbox.at('back'), run)).rejects.toMatchObject({ code: 'target-exists' })
    expect(sandbox.sh('ls -A back; cat back/file')).toBe('file\nprecious\n')
    sandbox.sh('rm back/file; echo {} >back/.aidatavault-recovery.json')
    await restoreCode(facts, reader, sandbox.at('back'), run)
    expect((await verifyCode(facts, sandbox.at('back'), run, reader)).every(({ ok }) => ok)).toBe(true)
  })

  it('killed at any moment and started again gives the same', async () => {
    sandbox.sh(
      `${start}; for i in $(seq 300); do echo $i >sub/f$i; done; git add .; git commit -qm many; echo d >>one; echo u >u; git stash -q -u; echo e >>one`,
    )
    const before = stateOf(sandbox, 'project')
    sandbox.sh('mkdir vault back')
    const script = path.join(import.meta.dirname, '..', 'testing', 'restore-code.ts')
    const run = (...args: string[]) =>
      spawn(process.execPath, [script, ...args, sandbox.at('vault')], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [code] = (await once(run('capture', sandbox.at('project')), 'exit')) as [number]
    expect(code).toBe(0)
    let kills = 0
    for (let wait = 0; ; wait += 60) {
      const child = run('restore', sandbox.at('back'))
      const ended = once(child, 'exit') as Promise<[number | null]>
      await once(child.stdout, 'data')
      const timer = setTimeout(() => child.kill('SIGKILL'), wait)
      const [exit] = await ended
      clearTimeout(timer)
      if (exit === 0) break
      expect(exit).toBeNull()
      kills++
    }
    expect(kills).toBeGreaterThan(2)
    expect(stateOf(sandbox, 'back')).toEqual(before)
    expect(sandbox.sh('ls -A back')).toBe('.git\none\nsub\n')
  }, 180_000)

  it('works for who is not root, folders without the right to write included', async () => {
    sandbox.sh(`chmod 0755 .; ${start}; git init -q inner; echo d >>sub/two; mkdir -p new/closed; echo u >new/closed/u; chmod 0555 sub new/closed new
      mkdir ../vault ../back`)
    if (process.getuid?.() === 0) sandbox.sh('chown -R 65534:65534 project vault back')
    const script = path.join(import.meta.dirname, '..', 'testing', 'restore-code.ts')
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
    const env = { ...process.env, HOME: sandbox.folder }
    for (const [action, folder] of [
      ['capture', 'project'],
      ['restore', 'back'],
    ] as const) {
      const { status, stderr } = spawnSync(
        process.execPath,
        [script, action, sandbox.at(folder), sandbox.at('vault')],
        { ...nobody, env },
      )
      expect([status, stderr.toString()]).toEqual([0, ''])
    }
    const see = 'find . -path ./.git -prune -o -printf "%P %y %m %U\\n" | sort; cat sub/two new/closed/u'
    expect(sandbox.sh(see, 'back')).toBe(sandbox.sh(see, 'project'))
  })

  it('finds what is different afterwards, and names it', async () => {
    sandbox.sh(`${start}; echo u >u; echo d >>one; git stash -q; git stash apply -q; echo x >x; git tag t`)
    const point = await capture()
    await expectSound(point)
    const failures = async () =>
      (await verifyCode(point.facts, sandbox.at('back'), run, point.reader)).filter(({ ok }) => !ok)
    for (const [damage, mend, what] of [
      ['echo y >x', 'echo x >x', /x \(content\)/],
      ['rm u', 'echo u >u', /u \(content\)/],
      ['git tag -d t', 'git tag t', /refs\/tags\/t/],
      ['git checkout -qb other', 'git checkout -q main; git branch -D other', /refs\/heads\/other/],
      ['echo z >>sub/two', 'git checkout -q sub/two', /files are not as committed/],
      ['git add x', 'git reset -q x', /different from the point/],
    ] as const) {
      sandbox.sh(damage, 'back')
      expect((await failures()).map(({ detail }) => detail).join(), damage).toMatch(what)
      sandbox.sh(mend, 'back')
    }
    sandbox.sh('rm -rf .git/objects/pack', 'back')
    expect(await failures()).not.toEqual([])
  })
})
