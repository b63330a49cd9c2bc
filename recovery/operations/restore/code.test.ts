import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RestoreJournal } from '../../journal/restore-journal.ts'
import { planCode, restoreCode, restoreCodeInto } from './code.ts'
import { settleInterrupted } from './settle.ts'
import { LivingProject } from './testing/living-project.ts'
import { planUndo, undo } from './undo.ts'

const then = `
  git init -q -b main; git config user.email ada@example.org; git remote add origin https://example.org/then.git
  printf 'node_modules/\\n.env\\ndata/\\n' > .gitignore; mkdir -p src node_modules data 'odd dir'
  echo 1 > src/main.js; echo 2 > src/b.js; echo '#!/bin/sh' > run; chmod +x run; echo KEY=then > .env; echo n > node_modules/i.js; echo d > data/rows
  git add .; git commit -qm one; git tag v1; git branch topic; echo 3 > src/c.js; echo 'x' > "odd dir/a b.txt"; git add .; git commit -qm two
  echo stashed >> src/b.js; git stash -q
  echo staged > src/s.js; git add src/s.js; echo dirty >> src/main.js; rm src/c.js; ln -s src/main.js link; mkdir empty; echo u > $'caf\\xe9.txt'; chmod 640 src/b.js`

const now = `
  git add -A; git commit -qm 'unpushed'; git checkout -q topic; git commit -q --allow-empty -m moved; git checkout -q -b feature
  git remote set-url origin https://example.org/now.git; git remote add other https://example.org/other.git; git config branch.feature.remote other
  rm -rf link empty run; mkdir link; echo in > link/file; git add -A; git commit -qm four; echo again >> src/b.js; git stash -q
  echo today > src/today.js; git add src/today.js; echo more >> src/today.js; echo new > new.txt; echo KEY=today > .env; echo more >> node_modules/i.js; echo d2 > data/rows2; mkdir run; echo f > run/file`

describe('the code of a living project', () => {
  let project: LivingProject
  let point: string
  let before: Record<string, string>
  let wanted: { status: string; files: string; stash: string; staged: string; dirty: string }
  const answers = () => ({
    status: project.sh('git status --porcelain=v2 --branch -uall'),
    files: project.files(),
    stash: project.sh('git stash list --format="%gd %H %gs"'),
    staged: project.sh('git diff --cached'),
    dirty: project.sh('git diff'),
  })
  beforeAll(async () => {
    project = await LivingProject.make(then)
    point = await project.backup()
    wanted = answers()
    project.sh(now)
    before = project.state()
  })
  afterAll(() => project.end())

  const settled = async () => {
    const outcomes = await settleInterrupted(await project.restoration())
    return outcomes.map(({ outcome }) => outcome)
  }
  const nothingLeft = () => fs.readdirSync(`${project.root}/.aidatavault`).filter(name => name.startsWith('code-'))

  it.each([
    ['safety point', 0],
    ['code made ready', 0],
    ['exchange', 0],
    ['exchange', 1],
    ['exchange', 7],
    ['comparison', 0],
  ])('is as it was after a kill at: %s, %d moves', async (step, moves) => {
    expect(project.restoreAndDie('code', point, step, moves)).toBe('SIGKILL')
    expect(await settled()).toEqual(['rolled-back'])
    expect(project.state()).toEqual(before)
    expect(nothingLeft()).toEqual([])
    expect((await RestoreJournal.list(project.root)).flatMap(({ record }) => record.kept)).toEqual([])
  })

  it('is as it was, and what somebody did in the new state after a kill is kept', async () => {
    expect(project.restoreAndDie('code', point, 'comparison', 0)).toBe('SIGKILL')
    project.sh('echo worked > src/main.js; git add src/main.js; git commit -qm since')
    expect(await settled()).toEqual(['rolled-back'])
    expect(project.state()).toEqual(before)
    expect(nothingLeft()).toEqual([])
    const [kept] = (await RestoreJournal.list(project.root)).flatMap(({ record }) => record.kept)
    expect(project.sh(`cat '${kept?.name}/src/main.js'; git --git-dir '${kept?.name}/.git' log -1 --format=%s`)).toBe(
      'worked\nsince\n',
    )
  })

  it('comes back into a new folder exactly, and the project stays as it is', async () => {
    const restoration = await project.restoration()
    const plan = await planCode({ point, accept: [], into: project.sandbox.at('beside') }, restoration)
    const { checks } = await restoreCodeInto(plan, restoration)
    expect(checks.every(({ ok }) => ok)).toBe(true)
    expect(project.state()).toEqual(before)
  })

  it('is checked out at a tag on a new branch, no branch moves, and undo goes back', async () => {
    const restoration = await project.restoration()
    const plan = await planCode({ point: 'latest', accept: [], atCommit: 'v1' }, restoration)
    await restoreCode(plan, restoration)
    expect(project.sh('git rev-parse HEAD v1^{commit} | sort -u | wc -l').trim()).toBe('1')
    expect(project.sh('git branch --show-current')).toMatch(/^aidatavault\/at-/)
    expect(project.sh('git diff HEAD --stat; cat new.txt src/b.js')).toBe('new\n2\n')
    for (const branch of ['main', 'topic', 'feature'])
      expect(before["git for-each-ref --format='%(refname) %(objectname) %(upstream) %(symref)'"]).toContain(
        `refs/heads/${branch} ${project.sh(`git rev-parse ${branch}`).trim()}`,
      )
    await takeBack()
  })

  const takeBack = async () => {
    const restoration = await project.restoration()
    await undo(await planUndo(restoration), restoration)
    const after = project.state()
    for (const question of Object.keys(before).filter(name => !/for-each-ref|log --all|config/.test(name)))
      expect([question, after[question]]).toEqual([question, before[question]])
  }

  it('comes back whole; what git ignores stays; all of today is reachable; and undo brings today back', async () => {
    const restoration = await project.restoration()
    const today = project.sh('git rev-parse main topic feature stash@{0}').trim().split('\n')
    const report = await restoreCode(await planCode({ point, accept: [] }, restoration), restoration)
    expect(report.checks.length).toBe(6)
    expect(answers()).toEqual(wanted)
    expect(project.ignored()).toBe(before['ignored'])
    const reachable = project.sh('git rev-list --all')
    for (const id of today) expect(reachable).toContain(id)
    const branch = project
      .sh("git for-each-ref --sort=-creatordate --format='%(refname)' refs/heads/aidatavault/before-restore-*")
      .split('\n')[0]!
    expect(project.sh(`git show ${branch}:src/today.js ${branch}:new.txt`)).toBe('today\nmore\nnew\n')
    expect(project.sh(`git ls-tree -r --name-only ${branch}`)).not.toContain('.env')
    expect(project.sh('git remote get-url origin; git remote get-url other; git config branch.feature.remote')).toBe(
      'https://example.org/now.git\nhttps://example.org/other.git\nother\n',
    )
    await takeBack()
  })

  it('is in place after a kill at its very end', async () => {
    expect(project.restoreAndDie('code', point, 'finish', 0)).toBe('SIGKILL')
    expect(await settled()).toEqual(['done'])
    expect(answers()).toEqual(wanted)
    await takeBack()
  })

  it('comes back where the repository is corrupt, and where it is gone', async () => {
    project.sh('rm -r .git/objects; mkdir .git/objects')
    await restoreThen()
    project.sh('rm -rf .git src')
    await restoreThen()
    expect(project.ignored()).toBe(before['ignored'])
  })

  const restoreThen = async () => {
    const restoration = await project.restoration()
    await restoreCode(await planCode({ point, accept: [] }, restoration), restoration)
    expect(answers()).toEqual(wanted)
  }

  it('is refused where other work trees would lose their repository', async () => {
    project.sh('git worktree add -q ../linked v1')
    const { obstacles } = await planCode({ point, accept: [] }, await project.restoration())
    expect(obstacles.map(({ code }) => code)).toEqual(['preflight-failed'])
    project.sh('git worktree remove ../linked')
  })
})

describe('a project without git', () => {
  it('has its files exchanged, those that are not in the point go, and undo brings them back', async () => {
    const project = await LivingProject.make('mkdir -p a/b; echo 1 > a/b/one; echo 2 > two; ln -s two link')
    const list = () =>
      project.sh(
        `find . -name .aidatavault -prune -o -printf '%P %y %m %l\\n' | sort; cat a/b/one two 2>/dev/null || true`,
      )
    const point = await project.backup()
    const wanted = list()
    project.sh('rm -r a; echo file > a; echo changed > two; echo new > three')
    const before = list()
    const restoration = await project.restoration()
    await restoreCode(await planCode({ point, accept: [] }, restoration), restoration)
    expect(list()).toBe(wanted)
    await undo(await planUndo(restoration), restoration)
    expect(list()).toBe(before)
    await project.end()
  })
})
