import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeCli, dockerCli } from '../drivers/docker/index.ts'
import type { Project } from '../project/project.ts'
import { quietRun, testBind, testProject } from '../sources/testing/test-project.ts'
import { backup } from './backup.ts'
import { planBackup, type BackupPlan } from './backup-plan.ts'
import { LooksAhead } from './looks-ahead.ts'
import { vaultInMemory } from './testing/point-in-memory.ts'

let root: string
let project: Project
const folder = (name: string) => path.join(root, name)
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'looks-')))
  for (const name of ['few', 'many', 'more']) fs.mkdirSync(folder(name))
  for (let i = 0; i < 1200; i++)
    for (const name of ['many', 'more']) fs.writeFileSync(path.join(folder(name), `${i}`), '')
  project = testProject(root, { volumes: ['few', 'many', 'more'].map(name => testBind(folder(name))) })
})
afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

/** The folders that are looked at. */
async function seen(begin: (looks: LooksAhead) => void): Promise<string[]> {
  const looks = new LooksAhead()
  begin(looks)
  const all = ['few', 'many', 'more']
  const found = () => all.filter(name => looks.at(folder(name)))
  for (let i = 0; i < 60 && !['many', 'more'].includes(found()[0] ?? ''); i++)
    await new Promise(resolve => setTimeout(resolve, 5))
  const names = found()
  await looks.end()
  return names
}

const moment = new Date('2026-05-06T07:08:09Z')
const clock = { now: () => moment }

describe('looks before their time', () => {
  const atOnce = (more: Partial<BackupPlan> = {}, of = project) =>
    seen(looks => looks.beginAtOnce(of, { ...planBackup(project), ...more }, clock))

  it('are at the first folder in which there is much', async () => {
    expect(await atOnce()).toEqual(['many'])
  })

  it('do not begin at once where services are quieted, databases fixed or hooks run first', async () => {
    const server = { name: 'db' } as BackupPlan['servers'][number]
    const quiet = { services: [], quiets: [], volumes: [], code: false }
    expect(await atOnce({ servers: [server] })).toEqual([])
    expect(await atOnce({ quiet })).toEqual([])
    expect(await atOnce({ cold: new Map() })).toEqual([])
    const hooked = {
      ...project,
      config: { ...project.config, hooks: { beforeCapture: [{ run: 'true' }] } },
    } as unknown as Project
    expect(await atOnce({ hooks: true }, hooked)).toEqual([])
    expect(await atOnce({ hooks: false }, hooked)).toEqual(['many'])
  })

  it('leave out the files of a server that is stopped, which somebody might start', async () => {
    const { key } = project.volumes[1]!
    const plan = { ...planBackup(project), cold: new Map([[key, 'db']]) }
    expect(await seen(looks => looks.begin(plan))).toEqual(['more'])
  })

  it('say since when, until they are over, so that no point claims to be newer', async () => {
    const looks = new LooksAhead()
    expect(looks.since).toBeUndefined()
    looks.beginAtOnce(project, planBackup(project), clock)
    expect(looks.since).toEqual(moment)
    await looks.end()
    expect(looks.since).toBeUndefined()
  })

  it('date the point whose folders they saw, and no other', async () => {
    const vault = await vaultInMemory()
    const plan = planBackup(project, ['volume'])
    const [looks, tools] = [new LooksAhead(), { engine: dockerCli(), compose: composeCli() }]
    const take = () => backup(project, plan, vault, [], tools, quietRun(), looks)
    looks.beginAtOnce(project, plan, clock)
    const first = await take()
    expect(first.manifest.takenAt).toBe(moment.toISOString())
    expect(first.snapshot.time).toEqual(moment)
    expect((await take()).snapshot.time.getTime()).toBeGreaterThan(moment.getTime())
  })

  it('end where they have not begun, and do not begin any more then', async () => {
    const looks = new LooksAhead()
    await looks.end()
    looks.begin(planBackup(project))
    expect(await seen(() => {})).toEqual([])
    expect(looks.at(folder('many'))).toBeUndefined()
  })
})
