import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CodeFacts } from '../../../contract/manifest.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Project } from '../../project/project.ts'
import { captureConfig, restoreConfig } from '../config/index.ts'
import { GitSandbox, stateOf } from '../testing/git-sandbox.ts'
import { capturedPoint } from '../testing/test-point.ts'
import { quietRun, testBind, testProject } from '../testing/test-project.ts'
import { dockerCli } from '../../drivers/docker/index.ts'
import { captureVolume, restoreVolume, volumesToCapture } from '../volume/index.ts'
import { captureCode, restoreCode, verifyCode } from './index.ts'

// Code, configuration and bind mounts lie in one folder; each file comes back once, from one of them.

let sandbox: GitSandbox
const run = quietRun()
const engine = dockerCli()

beforeEach(() => {
  sandbox = new GitSandbox()
})
afterEach(() => sandbox.end())

async function captureAll(parts: Partial<Project>) {
  const project = testProject(sandbox.at('project'), parts)
  return capturedPoint(async writer => {
    const code = (await captureCode(project, writer, run))!
    const config = await captureConfig(project, writer, run)
    const volumes = []
    for (const volume of volumesToCapture(project)) volumes.push(await captureVolume(volume, engine, writer, run))
    return { code, config, volumes }
  })
}

type Captured = Awaited<ReturnType<typeof captureAll>>

async function restoreAll({ facts, reader }: Captured): Promise<void> {
  sandbox.sh('mkdir back')
  await restoreCode(facts.code, reader, sandbox.at('back'), run)
  await expectVerified(facts.code, reader)
  await restoreConfig(facts.config, reader, sandbox.at('back'), run)
  for (const volume of facts.volumes)
    await restoreVolume(volume, { name: sandbox.at('back', volume.key) }, engine, reader, run)
  await expectVerified(facts.code, reader)
}

async function expectVerified(code: CodeFacts, reader: PointReader): Promise<void> {
  const checks = [
    ...(await verifyCode(code, sandbox.at('back'), run)),
    ...(await verifyCode(code, sandbox.at('back'), run, reader)),
  ]
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
}

const env = (...names: string[]) => ({ path: sandbox.at('project', ...names), kind: 'env' as const })
const compose = (...names: string[]) => ({ path: sandbox.at('project', ...names), kind: 'compose' as const })

describe('code, configuration and bind mounts', () => {
  it('come back together: env files ignored, untracked, tracked, changed, staged; a mounted folder with a tracked file in it', async () => {
    sandbox.sh(`git init -q project; cd project; mkdir server data
      echo one >one; echo A=1 >tracked.env; echo B=1 >changed.env; printf 'services: {}\\n' >docker-compose.yml
      printf '.env\\ndata/*\\n!data/.gitkeep\\n' >.gitignore; : >data/.gitkeep; git add .; git commit -qm first
      echo S=1 >server/.env; echo U=1 >server/untracked.env; echo B=2 >changed.env; echo N=1 >staged.env; git add staged.env
      printf '# more\\n' >>docker-compose.yml; mkdir data/sub; echo row >data/sub/rows; echo dirty >data/.gitkeep
      ln -s server/.env link.env; chmod 0664 docker-compose.yml; chmod 0600 server/.env server/untracked.env *.env`)
    const before = stateOf(sandbox, 'project')
    const configFiles = [
      ...[env('server', '.env'), env('server', 'untracked.env'), env('tracked.env'), env('changed.env')],
      ...[env('staged.env'), env('link.env'), compose('docker-compose.yml')],
    ]
    const volumes = [testBind(sandbox.at('project', 'data'))]
    const point = await captureAll({ git: { top: sandbox.at('project') }, configFiles, volumes })
    await restoreAll(point)
    expect(stateOf(sandbox, 'back')).toEqual(before)
    expect(sandbox.sh('cat server/.env data/sub/rows data/.gitkeep; readlink link.env', 'back')).toBe(
      'S=1\nrow\ndirty\nserver/.env\n',
    )
    // Untracked secrets are in one place of the point only.
    expect(await point.reader.exists('code/worktree/server/untracked.env')).toBe(false)
    expect(await point.reader.exists('code/worktree/changed.env')).toBe(true)
    expect(point.facts.code.kind === 'git' && point.facts.code.elsewhere).toContain('data')
  })

  it('come back together without git: everything, whatever it is', async () => {
    sandbox.sh(`mkdir -p project/server project/data project/node_modules/x project/empty; cd project
      echo S=1 >server/.env; echo a >a; chmod 0640 a; echo m >node_modules/x/m; echo d >data/d; ln -s a l; mkfifo p
      printf x >$'\\xff'; touch -d '2001-02-03 04:05:06.789' a; chmod 0600 server/.env`)
    const see = (name: string) =>
      sandbox.sh(
        `find . -not -type d -printf '%P %y %m %U:%G %T@ %l\\n' | sort; find . -type d -printf '%P %m\\n' | sort`,
        name,
      )
    const seen = see('project')
    const point = await captureAll({
      configFiles: [env('server', '.env')],
      volumes: [testBind(sandbox.at('project', 'data'))],
    })
    expect(point.facts.code).toMatchObject({ kind: 'folder', files: 3 })
    await restoreAll(point)
    // A configuration file keeps its time to a part of a microsecond.
    const timeless = (text: string) => text.replace(/(server\/\.env .*)\.\d+/, '$1')
    expect(timeless(see('back'))).toBe(timeless(seen))
  })

  it('stay out of each other: a server’s data directory is not code', async () => {
    sandbox.sh('mkdir -p project/pgdata project/src; echo 17 >project/pgdata/PG_VERSION; echo a >project/src/a')
    const volumes = [testBind(sandbox.at('project', 'pgdata'), { holdsServer: 'db' })]
    const point = await captureAll({ volumes })
    expect(point.facts).toMatchObject({ code: { files: 1 }, volumes: [] })
    expect(fs.existsSync(sandbox.at('project', 'pgdata'))).toBe(true)
  })
})
