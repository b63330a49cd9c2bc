import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { skipsStack } from '../../test/stack/engine.ts'
import { composeCli, dockerCli } from '../drivers/docker/index.ts'
import { quietRun } from '../drivers/docker/testing/quiet-run.ts'
import { toldDocker } from '../drivers/docker/testing/told-docker.ts'
import { discoverProject } from './index.ts'
import { locateProject } from './locate-project.ts'
import type { DiscoveryRequest } from './index.ts'

const tools = { engine: dockerCli(), compose: composeCli() }
const discover = (request: DiscoveryRequest) => discoverProject(request, tools, quietRun())

describe.skipIf(skipsStack)('the name and the files of a Compose project', () => {
  let top: string
  const at = (...steps: string[]) => path.join(top, ...steps)
  const write = (name: string, text: string) => {
    mkdirSync(path.dirname(at(name)), { recursive: true })
    writeFileSync(at(name), text)
  }
  beforeAll(() => {
    top = realpathSync(mkdtempSync(path.join(tmpdir(), 'names-')))
    write('Shop.1/compose.yaml', 'services: { a: { image: "x:${TAG:-1}", volumes: ["./data:/data"] } }')
    write('Shop.1/compose.override.yaml', 'services: { b: { image: y, profiles: [more] } }')
    write('Shop.1/deploy/other.yml', 'services: { c: { image: z } }')
  })
  afterAll(() => rmSync(top, { recursive: true }))
  afterEach(() => vi.unstubAllEnvs())
  const named = async (request: DiscoveryRequest) => {
    const { facts, compose } = await discover(request)
    return {
      name: facts.name,
      from: facts.nameFrom,
      given: facts.composeFilesGiven,
      files: facts.composeFiles,
      compose,
    }
  }

  it('come from the folder', async () => {
    expect(await named({ directory: at('Shop.1') })).toMatchObject({
      ...{ name: 'shop1', from: 'folder', given: false, files: ['compose.yaml', 'compose.override.yaml'] },
    })
  })

  it('come from the folder’s name that Compose sees, not from where a link leads', async () => {
    symlinkSync('Shop.1', at('current'))
    const { name, compose } = await named({ directory: at('current') })
    expect([name, compose?.address.projectName, compose?.address.directory]).toEqual([
      'current',
      'current',
      at('current'),
    ])
    const { directory } = await discover({ directory: at('current') })
    expect(directory).toBe(at('Shop.1'))
  })

  it('come from flags', async () => {
    const request = { directory: at('Shop.1'), files: [at('Shop.1/deploy/other.yml')], projectName: 'mine' }
    const found = await named(request)
    expect(found).toMatchObject({ name: 'mine', from: 'flag', given: true, files: ['deploy/other.yml'] })
    expect(found.compose?.address).toMatchObject({ directory: at('Shop.1'), files: request.files, projectName: 'mine' })
    const alone = await discover({ files: [at('Shop.1/deploy/other.yml')] })
    expect(alone.directory).toBe(at('Shop.1/deploy'))
    const same = [at('Shop.1/compose.yaml'), at('Shop.1/compose.override.yaml')]
    expect(await named({ directory: at('Shop.1'), files: same })).toMatchObject({ given: false })
  })

  it('come from the environment and from .env', async () => {
    vi.stubEnv('COMPOSE_PROJECT_NAME', 'fromshell')
    vi.stubEnv('COMPOSE_PROFILES', 'more')
    const found = await discover({ directory: at('Shop.1') })
    expect(found.facts).toMatchObject({ name: 'fromshell', nameFrom: 'environment', profiles: ['more'] })
    expect(found.services.map(({ name, active }) => [name, active])).toEqual([
      ['a', true],
      ['b', true],
    ])
    vi.unstubAllEnvs()
    write('Shop.1/.env', 'COMPOSE_PROJECT_NAME=fromfile\nCOMPOSE_FILE=compose.yaml:deploy/other.yml\nTAG=7\n')
    try {
      const project = await discover({ directory: at('Shop.1') })
      expect(project.facts).toMatchObject({
        ...{ name: 'fromfile', nameFrom: 'environment', composeFilesGiven: false },
        composeFiles: ['compose.yaml', 'deploy/other.yml'],
      })
      expect(project.compose?.model.services.map(({ image }) => image).sort()).toEqual(['x:7', 'z'])
      expect(project.configFiles).toContainEqual({ path: at('Shop.1/.env'), kind: 'env' })
    } finally {
      rmSync(at('Shop.1/.env'))
    }
  })

  it('say which services are active as Compose does, which is asked only where profiles are in play', async () => {
    write('parts/profiled.yml', 'services: { e: { image: e, profiles: [x] }, f: { image: f } }')
    write('parts/.env', '')
    const projects: Readonly<Record<string, string>> = {
      plain: 'services: { a: { image: a, depends_on: [b] }, b: { image: b, scale: 0 } }',
      profiled: 'services: { a: { image: a }, b: { image: b, profiles: [x] }, c: { image: c, "profiles": [] } }',
      including: 'include: [../parts/profiled.yml]\nservices: { a: { image: a } }',
      extending: 'services: { a: { extends: { file: ../parts/profiled.yml, service: e } }, b: { image: b } }',
      escaped: 'services: { a: { image: a, "profile\\u0073": [x] }, b: { image: b } }',
    }
    const told = toldDocker()
    const compose = composeCli({ command: told.command })
    const asked: string[] = []
    for (const [name, text] of Object.entries(projects)) {
      write(`${name}/compose.yaml`, text)
      for (const profiles of name === 'profiled' ? [[], ['x']] : [['x']]) {
        const found = (await locateProject({ directory: at(name), profiles }, compose, quietRun())).compose!
        if (told.calls().some(call => call.endsWith('--services'))) asked.push(name)
        expect([...found.active].sort()).toEqual([...(await compose.activeServices(found.address, quietRun()))].sort())
        told.calls()
      }
    }
    expect([...new Set(asked)]).toEqual(['profiled', 'including', 'extending', 'escaped'])
    told.end()
  })

  it('come from COMPOSE_FILE of the shell, and are then given on', async () => {
    vi.stubEnv('COMPOSE_FILE', at('Shop.1/deploy/other.yml'))
    const { facts, compose } = await discover({ directory: top })
    expect(facts).toMatchObject({ composeFilesGiven: true, composeFiles: ['other.yml'], root: at('Shop.1/deploy') })
    expect(compose?.address.files).toEqual([at('Shop.1/deploy/other.yml')])
  })

  it('are refused in Compose’s own words where Compose refuses them', async () => {
    write('broken/compose.yaml', 'services: { a: { image: x, volumes: ["nowhere:/x"] } }')
    await expect(discover({ directory: at('broken') })).rejects.toMatchObject({
      code: 'project-invalid',
      message: expect.stringMatching(/undefined volume/),
    })
    await expect(discover({ files: [at('absent.yml')] })).rejects.toMatchObject({ code: 'project-not-found' })
  })
})
