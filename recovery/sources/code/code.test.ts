import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CodeFacts } from '../../../contract/manifest.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Project } from '../../project/project.ts'
import { GitSandbox, stateOf } from '../testing/git-sandbox.ts'
import { capturedPoint } from '../testing/test-point.ts'
import { quietRun, testProject, warningsOf } from '../testing/test-project.ts'
import { captureCode, restoreCode, verifyCode } from './index.ts'
import { openRepository } from './repository.ts'
import { rebuildLog } from './stash.ts'

let sandbox: GitSandbox
let run: ReturnType<typeof quietRun>

beforeEach(() => {
  sandbox = new GitSandbox()
  run = quietRun()
})
afterEach(() => sandbox.end())

const capture = (name = 'project', parts: Partial<Project> = {}) => {
  const root = sandbox.at(name)
  const project = testProject(root, { git: { top: root }, ...parts })
  return capturedPoint(async writer => (await captureCode(project, writer, run))!)
}

async function restore({ facts, reader }: { facts: CodeFacts; reader: PointReader }, name = 'back'): Promise<void> {
  sandbox.sh(`mkdir -p ${name}`)
  await restoreCode(facts, reader, sandbox.at(name), run)
}

/** Content, time, permissions and owner of all that is there, `.git` included. Every git touches a split index's second file. */
const everyFile = () =>
  sandbox.sh(
    `find . -type f -print0 | sort -z | xargs -0r sha256sum
     find . -not -name 'sharedindex.*' -printf '%p %T@ %m %U:%G\\n' | sort`,
    'project',
  )

/** Captures, brings back elsewhere, and expects that git cannot tell them apart. */
async function expectSame(script: string, parts: Partial<Project> = {}) {
  sandbox.sh(`git init -q -b main project; cd project; ${script}`)
  const before = stateOf(sandbox, 'project')
  const untouched = everyFile()
  const point = await capture('project', parts)
  expect(everyFile()).toBe(untouched)
  await restore(point)
  const checks = await verifyCode(point.facts, sandbox.at('back'), run, point.reader)
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  expect(stateOf(sandbox, 'back')).toEqual(before)
  return point
}

const history = `
  echo one >one; printf '#!/bin/sh\\n' >run.sh; chmod +x run.sh; ln -s one link; mkdir -p deep/er; echo d >deep/er/file
  echo '*.log' >.gitignore; git add .; git commit -qm first; echo two >>one; git commit -qam second`

describe('a repository comes back', () => {
  it('with commits, branches, tags, notes, remotes and refs outside of the usual places', async () => {
    const { facts } = await expectSame(`${history}
      git branch feature HEAD~1; git tag light; git tag -am 'a tag' heavy; git tag -am 'tag of a tag' heavier heavy
      git tag -m 'of a blob' blob HEAD:one; git notes add -m 'a note'; git update-ref refs/odd/place HEAD~1
      git clone -q --bare . ../remote.git; git remote add origin ../remote.git; git fetch -q origin
      git remote set-head origin main; git branch -q --set-upstream-to=origin/main main
      git remote add secret https://ada:pass%20word@example.org/x.git
      git checkout -qb 'ümlaut/ßtraße'; echo 3 >three; git add three; git commit -qm third`)
    expect(facts).toMatchObject({ kind: 'git', branch: 'ümlaut/ßtraße', staged: 0, dirty: 0, untracked: 0, deleted: 0 })
    expect(facts.kind === 'git' && facts.remotes).toEqual([
      { name: 'origin', url: '../remote.git' },
      { name: 'secret', url: 'https://example.org/x.git' },
    ])
  })

  it('with every stash in order, those with an index and untracked files too', async () => {
    const { facts } = await expectSame(`${history}
      echo a >>one; git stash -q; echo b >>one; git add one; echo c >>one; echo n >new; git stash push -q -u -m 'with untracked'
      echo d >>one; git stash push -q -m $'odd \\xff message'`)
    expect(facts).toMatchObject({ stashes: 3 })
    // Where refs are kept in tables there is no such file, but git tells the same.
    const repository = await openRepository(sandbox.at('project'), run)
    expect((await rebuildLog(repository, run)).toString('latin1')).toBe(
      sandbox.sh('cat .git/logs/refs/stash', 'project'),
    )
    expect(sandbox.sh('git stash pop -q stash@{1}; cat new; git diff', 'back')).toContain('+b')
  })

  it('with what is staged, changed, deleted, renamed, made executable, untracked', async () => {
    const { facts } = await expectSame(`${history}
      echo staged >staged; echo both >both; git add staged both; echo more >>both; git mv deep/er/file deep/moved
      chmod -x run.sh; rm one; rm link; ln -s elsewhere link; git rm -q --cached .gitignore; echo later >later; git add -N later
      mkdir -p new/empty/deeper new/x; echo u >new/x/untracked; chmod 0600 new/x/untracked; chmod 0750 new/x
      touch -d '2001-02-03 04:05:06.123456789' new/x/untracked both; mkdir -p lonely; echo no >no.log`)
    expect(facts).toMatchObject({ staged: 5, dirty: 4, untracked: 2, deleted: 1 })
    expect(sandbox.sh('ls no.log 2>/dev/null || true', 'back')).toBe('')
    expect(sandbox.sh('stat -c %y both; ls -d new/empty/deeper lonely', 'back')).toBe(
      '2001-02-03 04:05:06.123456789 +0000\nlonely\nnew/empty/deeper\n',
    )
  })

  it('with names in any bytes', async () => {
    await expectSame(`${history}
      mkdir $'\\xff\\xfe'; for n in $'a\\xff' $'new\\nline' ' space ' '-dash' $'tab\\t' '"quoted"' 'back\\slash' '*'; do echo "$n" >$'\\xff\\xfe/'"$n"; done
      git add .; git commit -qm odd; for n in $'b\\xff' $'x\\ny' '?'; do echo "$n" >"$n"; done; echo more >>$'\\xff\\xfe/new\\nline'; rm $'\\xff\\xfe/a\\xff'`)
  })

  it('in the middle of a merge with conflicts', async () => {
    await expectSame(`${history}
      git checkout -qb other HEAD~1; echo other >>one; echo o >o; git add .; git commit -qm other; git checkout -q main
      echo main >>one; git commit -qam main; git merge other >/dev/null || true`)
    sandbox.sh('echo solved >one; git add one; git commit -qm merged; git rev-parse HEAD^2', 'back')
  })

  it('in the middle of a rebase with a stash put aside', async () => {
    await expectSame(`${history}
      git checkout -qb topic HEAD~1; echo topic >>one; git commit -qam topic; echo wip >>deep/er/file
      git rebase --autostash main >/dev/null 2>&1 || true`)
    sandbox.sh('git rebase --abort; git diff --quiet -- one; grep wip deep/er/file', 'back')
  })

  it('in the middle of a bisection', async () => {
    await expectSame(`${history}; git commit -q --allow-empty -m 3; git commit -q --allow-empty -m 4; git bisect start >/dev/null
      git bisect bad >/dev/null; git bisect good HEAD~3 >/dev/null`)
    sandbox.sh(
      'git bisect good >/dev/null; git bisect reset 2>/dev/null; test -z "$(git for-each-ref refs/bisect)"; git checkout -q main',
      'back',
    )
  })

  it('with a detached HEAD that no branch leads to', async () => {
    const { facts } = await expectSame(
      `${history}; git checkout -q --detach; echo x >x; git add x; git commit -qm loose`,
    )
    expect(facts).toMatchObject({ branch: null })
  })

  it('before its first commit, with and without something staged', async () => {
    const { facts } = await expectSame('echo a >a; git add a; echo b >b')
    expect(facts).toMatchObject({ head: null, branch: 'main', staged: 1, untracked: 1 })
  })

  it('when it is empty', async () => {
    const { facts } = await expectSame('true')
    expect(facts).toMatchObject({ head: null, branch: 'main', refs: [], stashes: 0 })
  })

  it('when it is a shallow clone', async () => {
    sandbox.sh(`git init -q -b main origin; cd origin; ${history}; echo 3 >3; git add 3; git commit -qm third`)
    await expectSame(
      `cd ..; rm -r project; git clone -q --depth 2 "file://$PWD/origin" project; cd project; echo more >>one`,
    )
    expect(sandbox.sh('git rev-list --count HEAD; git rev-parse --is-shallow-repository', 'back')).toBe('2\ntrue\n')
  })

  it('when its objects have SHA-256 names', async () => {
    await expectSame(
      `rm -r .git; git init -q -b main --object-format=sha256; ${history}; echo s >s; git add s; echo d >>one; git stash -q`,
    )
  })

  it('with changes that git was told not to look for', async () => {
    await expectSame(`${history}
      echo secret >>one; git update-index --assume-unchanged one; echo hidden >deep/er/file; git update-index --skip-worktree deep/er/file
      rm run.sh; git update-index --assume-unchanged run.sh`)
  })

  it('with hooks, excludes and attributes of its own', async () => {
    await expectSame(`${history}
      printf '#!/bin/sh\\nexit 1\\n' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
      echo secret.txt >.git/info/exclude; echo s >secret.txt; git config alias.x status`)
    expect(sandbox.sh('cat .git/hooks/pre-commit; ls', 'back')).toBe('#!/bin/sh\nexit 1\ndeep\nlink\none\nrun.sh\n')
  })

  it('with the true bytes of files that git converts', async () => {
    await expectSame(`${history}
      printf '* text=auto\\n*.bat eol=crlf\\n*.id ident\\n*.up filter=upper\\n' >.gitattributes
      printf 'a\\nb\\n' >lf; printf 'a\\r\\nb\\r\\n' >crlf; printf 'x\\r\\n' >x.bat; printf 'x\\n' >y.bat; echo '$Id$' >k.id; echo UP >u.up
      git config filter.upper.clean 'tr A-Z a-z'; git config filter.upper.smudge 'touch ../smudged; tr a-z A-Z'
      git add .; git commit -qm converted; rm k.id; git checkout -q k.id`)
    expect(sandbox.sh('ls smudged 2>/dev/null || true')).toBe('')
  })

  it('with a split index', async () => {
    await expectSame(
      `${history}; git config core.splitIndex true; git update-index --split-index; echo s >s; git add s`,
    )
  })

  it('with owners and permissions that git does not keep', async () => {
    await expectSame(`${history}
      chmod 0600 one; chmod 0555 deep; chmod 0700 deep/er; if [ $(id -u) = 0 ]; then chown 999:998 deep/er deep/er/file; fi`)
  })

  it('with a repository inside that git takes for untracked, with all that is in it', async () => {
    await expectSame(`${history}
      git init -q inner; cd inner; echo i >i; echo x.log >.gitignore; git add i; git commit -qm inner; echo more >>i; echo l >x.log`)
    expect(sandbox.sh('git -C inner diff; cat inner/x.log', 'back')).toContain('+more')
  })

  it('with submodules, their repositories and uncommitted work included', async () => {
    sandbox.sh(`git init -q -b main library; cd library; ${history}`)
    await expectSame(`${history}
      git -c protocol.file.allow=always submodule --quiet add ../library lib; git commit -qm sub; echo more >>lib/one; echo n >lib/new
      cd lib; echo c >c; git add c; git commit -qm 'only here'`)
    expect(sandbox.sh('git -C lib log --format=%s; git submodule status', 'back')).toContain('only here')
  })

  it('from a linked work tree as a repository of its own; what stays behind is said', async () => {
    sandbox.sh(
      `git init -q -b main first; cd first; ${history}; echo uncommitted >>one; git worktree add -q ../project -b second`,
    )
    sandbox.sh('echo changed >>one; echo s >s; git add s', 'project')
    const point = await capture()
    await restore(point)
    expect((await verifyCode(point.facts, sandbox.at('back'), run, point.reader)).filter(({ ok }) => !ok)).toEqual([])
    expect(sandbox.sh('git status --porcelain; git branch --format="%(refname:short)"', 'back')).toBe(
      ' M one\nA  s\nmain\nsecond\n',
    )
    run.events.length = 0
    await capture('first')
    expect(warningsOf(run)).toEqual([expect.stringContaining(`${sandbox.at('project')} is another work tree`)])
  })

  it('to someone who has nothing but git and the bundle', async () => {
    const { reader } = await expectSame(`${history}; echo wip >>one; git stash -q; echo staged >s; git add s`)
    const { writeFile } = await import('node:fs/promises')
    await writeFile(sandbox.at('x.bundle'), reader.readFile('code/repository.bundle'))
    expect(sandbox.sh('git clone -q x.bundle plain; cd plain; git branch --format="%(refname)"; cat one')).toBe(
      'refs/heads/main\none\ntwo\n',
    )
  })
})
