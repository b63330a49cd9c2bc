import { describe, expect, it } from 'vitest'
import type { Project, ProjectVolume } from '../../project/project.ts'
import { testBind, testProject } from '../../sources/testing/test-project.ts'
import { parseModel } from '../../drivers/docker/index.ts'
import { consistencyOf } from './consistency.ts'
import { planQuiet } from './plan-quiet.ts'

type Services = Readonly<Record<string, Record<string, unknown>>>

const volume = (key: string, ...services: string[]): ProjectVolume =>
  testBind(key, {
    kind: 'volume',
    key,
    mounts: services.map(service => ({ service, target: '/data', readOnly: false })),
  })

function project(services: Services, parts: Partial<Project> = {}): Project {
  const model = parseModel({ name: 'shop', services })
  const running = { containers: [], running: true, active: true }
  return testProject('/shop', {
    compose: {
      address: { directory: '/shop', files: [], profiles: [] },
      model,
      engineAnswers: true,
    },
    services: Object.keys(services).map(name => ({ name, ...running })),
    ...parts,
  })
}

const labelled = (label: string, value: string) => ({ app: { image: 'a', labels: { [label]: value } } })
const modeOf = (found: Project) => consistencyOf(found)[0]?.mode
const own = 'aidatavault.consistency'
const other = 'docker-volume-backup.stop-during-backup'

describe('the consistency of a service', () => {
  it('is as its label says, ours before that of docker-volume-backup', () => {
    expect(modeOf(project(labelled(own, 'pause')))).toBe('pause')
    expect(modeOf(project(labelled(other, 'true')))).toBe('stop')
    expect(modeOf(project(labelled(other, 'nightly')))).toBe('stop')
    expect(modeOf(project(labelled(other, 'false')))).toBe('hot')
    expect(modeOf(project({ app: { labels: { [own]: 'hot', [other]: 'true' } } }))).toBe('hot')
    expect(modeOf(project({ app: {} }))).toBe('hot')
  })

  it('is as aidatavault.yml says, whatever the labels do', () => {
    const config = { services: { app: { consistency: 'pause' as const } } }
    expect(modeOf(project(labelled(own, 'stop'), { config }))).toBe('pause')
  })

  it('is refused where it means nothing, since it would protect less than its writer thinks', () => {
    expect(() => consistencyOf(project(labelled(own, 'freeze')))).toThrow(/none of hot, pause, stop/)
    const config = { services: { ap: { consistency: 'stop' as const } } }
    expect(() => consistencyOf(project({ app: {} }, { config }))).toThrow(
      /services\.ap: there is no such service .*app/,
    )
  })
})

describe('the silence of a backup', () => {
  const plan = (found: Project, volumes: readonly ProjectVolume[]) =>
    planQuiet({ ...found, volumes }, { code: true, volumes })
  const stops = { labels: { [own]: 'stop' } }

  it('lasts for the volumes that the service writes to, and no longer', () => {
    const found = plan(project({ app: stops, web: {} }), [volume('a', 'app', 'web'), volume('b', 'web')])
    expect(found).toMatchObject({ quiets: [{ mode: 'stop', services: ['app'] }], volumes: ['a'], code: false })
  })

  it('covers all volumes for a service that writes to none of them: it was named for what it does to the others', () => {
    expect(plan(project({ app: stops }), [volume('a', 'web'), volume('b', 'web')])).toMatchObject({
      volumes: ['a', 'b'],
    })
  })

  it('covers the code where the service writes into the project', () => {
    const inside = testBind('/shop/src', { mounts: [{ service: 'app', target: '/src', readOnly: false }] })
    const found = planQuiet(project({ app: stops }, { volumes: [inside] }), { code: true, volumes: [] })
    expect(found).toMatchObject({ code: true, volumes: [] })
  })

  it('spares PostgreSQL servers and what does not run', () => {
    const base = project({ db: stops, app: stops })
    const server = { name: 'db' } as Project['servers'][number]
    const services = base.services.map(service => ({ ...service, running: service.name === 'db' }))
    expect(plan({ ...base, servers: [server], services }, [volume('a', 'app', 'db')])).toBeUndefined()
  })

  it('takes along what lives in the network of a stopped service, not of a paused one', () => {
    const services = (mode: string) => ({
      app: { labels: { [own]: mode } },
      tenant: { network_mode: 'service:app' },
      sub: { network_mode: 'service:tenant' },
    })
    const names = (mode: string) =>
      plan(project(services(mode)), [volume('a', 'app')])?.services.map(({ service }) => service)
    expect(names('stop')).toEqual(['app', 'tenant', 'sub'])
    expect(names('pause')).toEqual(['app'])
  })
})
