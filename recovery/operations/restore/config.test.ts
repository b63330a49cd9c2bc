import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planConfig, restoreConfig, restoreConfigInto } from './config.ts'
import { settleInterrupted } from './settle.ts'
import { LivingProject } from './testing/living-project.ts'
import { planUndo, undo } from './undo.ts'

const then = `printf '# kept comment\\nAPI_KEY=then-s3cr3t\\nexport PORT=3000 # port\\nGONE="a\\nb"\\n' > .env; mkdir server; echo 'TOKEN=server-s3cr3t' > server/.env; chmod 600 .env server/.env`

describe('the configuration of a living project', () => {
  let project: LivingProject
  let point: string
  beforeEach(async () => {
    project = await LivingProject.make(then)
    point = await project.backup()
    project.sh(`printf '# today\\nAPI_KEY=now-s3cr3t\\nNEW=1\\n' > .env; chmod 644 .env; rm server/.env`)
  })
  afterEach(() => project.end())
  const env = () => fs.readFileSync(`${project.root}/.env`, 'utf8')
  const list = () => project.sh("find . -name .aidatavault -prune -o -type f -printf '%P %m %u\\n' | sort; cat .env")
  const request = (more = {}) => ({ point, accept: [], files: [], keys: [], all: false, ...more })

  it('is planned key by key, and no value is said', async () => {
    const plan = await planConfig(request(), await project.restoration())
    expect(plan.changes).toEqual([
      ['.env API_KEY', 'changed (••••, 11 characters)'],
      ['.env PORT', 'added (••••, 4 characters)'],
      ['.env GONE', 'added (••••, 3 characters)'],
      ['.env NEW', 'removed (••••, 1 character)'],
      ['server/.env', 'comes back'],
      ['server/.env TOKEN', 'added (••••, 13 characters)'],
    ])
    expect(JSON.stringify([plan.changes, plan.keeps, plan.what])).not.toContain('s3cr3t')
  })

  it('comes back byte for byte for its owner alone; undo brings back what was there, with its permissions', async () => {
    const before = list()
    const restoration = await project.restoration()
    const report = await restoreConfig(await planConfig(request(), restoration), restoration)
    expect(env()).toBe('# kept comment\nAPI_KEY=then-s3cr3t\nexport PORT=3000 # port\nGONE="a\nb"\n')
    expect(project.sh('stat -c %a .env server/.env')).toBe('600\n600\n')
    expect(report.kept).toHaveLength(1)
    expect(JSON.stringify(report)).not.toContain('s3cr3t')
    await undo(await planUndo(restoration), restoration)
    expect(list()).toBe(before)
  })

  it('takes single keys into the file of today', async () => {
    const restoration = await project.restoration()
    await restoreConfig(await planConfig(request({ keys: ['API_KEY', 'GONE'] }), restoration), restoration)
    expect(env()).toBe('# today\nAPI_KEY=then-s3cr3t\nNEW=1\nGONE="a\nb"\n')
    expect(fs.existsSync(`${project.root}/server/.env`)).toBe(false)
    const unknown = planConfig(request({ keys: ['NO_SUCH'] }), restoration)
    await expect(unknown).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('leaves alone what was not asked for, and goes beside where that is asked for', async () => {
    const restoration = await project.restoration()
    const before = list()
    const into = project.sandbox.at('beside')
    await restoreConfigInto(await planConfig(request({ into, all: true }), restoration), restoration)
    expect(fs.readdirSync(into).toSorted()).toEqual(['.env', 'aidatavault.yml', 'server'])
    expect(list()).toBe(before)
    await restoreConfig(await planConfig(request({ files: ['server/.env'] }), restoration), restoration)
    expect(env()).toContain('now-s3cr3t')
  })

  it.each([
    ['safety point', 0],
    ['writing', 0],
    ['writing', 1],
  ])('is as it was after a kill at: %s, %d files', async (step, files) => {
    const before = list()
    expect(project.restoreAndDie('config', point, step, files)).toBe('SIGKILL')
    const settled = await settleInterrupted(await project.restoration())
    expect(settled.map(({ outcome }) => outcome)).toEqual(['rolled-back'])
    expect(list()).toBe(before)
  })

  it('is in place after a kill at its very end', async () => {
    expect(project.restoreAndDie('config', point, 'finish', 0)).toBe('SIGKILL')
    expect((await settleInterrupted(await project.restoration())).map(({ outcome }) => outcome)).toEqual(['done'])
    expect(env()).toContain('then-s3cr3t')
  })

  it('is not written where somebody edited a file since the plan', async () => {
    const restoration = await project.restoration()
    const plan = await planConfig(request(), restoration)
    project.sh('echo LATER=1 >> .env')
    const before = list()
    await expect(restoreConfig(plan, restoration)).rejects.toMatchObject({ code: 'restore-failed' })
    expect(list()).toBe(before)
  })
})
