import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RecoveryError } from '../../domain/errors.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import { RestoreJournal } from '../../journal/restore-journal.ts'
import { appendRun, newRunId } from '../../journal/run-history.ts'
import type { Project, ProjectServer } from '../../project/project.ts'
import { quietRun, testBind, testProject } from '../../sources/testing/test-project.ts'
import type { Vault } from '../../../vault/index.ts'
import { someManifest, someVolume } from '../testing/manifests.ts'
import { publishPoint, vaultInMemory } from '../testing/point-in-memory.ts'
import type { Tools } from '../tools.ts'
import { lookAtGaps } from './look-at-gaps.ts'
import { Patience } from './patience.ts'
import { projectStatus, type StatusRequest } from './project-status.ts'

const secret = (path: string) => ({ path, kind: 'env' as const })
const held = (path: string) => ({
  ...{ path, inPoint: `config/${path}`, kind: 'env' as const, mode: 0o600, bytes: 1 },
  sha256: '0'.repeat(64),
})

// These projects have no containers: whatever else is asked of an engine is a mistake.
const tools = {
  engine: {
    writtenBytes: () => Promise.resolve(new Map()),
  } as unknown as ContainerEngine,
  compose: undefined as never,
} satisfies Tools

const opened = (vault: Vault) => ({ location: '/vault', opening: Promise.resolve(vault) })
const status = (project: Project, vault?: Vault, more: Partial<StatusRequest> = {}) =>
  projectStatus({ project, vaults: vault ? [opened(vault)] : [], patience: patient, ...more }, tools, quietRun())

const patient = new Patience(undefined, quietRun())
const dayMs = 86_400_000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

let root: string
beforeEach(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'status-'))
})
afterEach(() => fs.rm(root, { recursive: true }))

describe('configuration', () => {
  async function configOf(project: Project) {
    const vault = await vaultInMemory()
    await publishPoint(vault, someManifest(project.facts, { config: [held('.env'), held('/etc/shop.env')] }))
    const { sources } = await status(project, vault)
    return sources.find(({ kind }) => kind === 'config')
  }

  it('takes no secret for protected because one elsewhere ends with the same name', async () => {
    const files = [secret('/shop/.env'), secret('/shop/server/.env')]
    const found = await configOf(testProject('/shop', { configFiles: files }))
    expect(found).toMatchObject({ inPoint: false, detail: '2 files, of them new: server/.env', light: 'red' })
  })

  it('knows the secrets that are in a point, inside of the project and outside', async () => {
    const found = await configOf(testProject('/shop', { configFiles: [secret('/shop/.env'), secret('/etc/shop.env')] }))
    expect(found).toMatchObject({ inPoint: true, detail: '2 files' })
  })
})

it('tells of a restore that was cut off, and of what restores have put aside', async () => {
  const first = { vault: null, point: null, startedAt: '2026-01-02T03:04:05.000Z', detail: {} }
  const done = await RestoreJournal.begin(root, { ...first, id: '11111111', kind: 'volume', what: 'volume uploads' })
  const old = { kind: 'volume', name: 'kept', was: 'uploads', dropAfter: '2026-01-09T00:00:00.000Z' } as const
  await done.keeps(old)
  await done.change({ outcome: 'done' })
  const cut = await RestoreJournal.begin(root, { ...first, id: '22222222', kind: 'code', what: 'code' })
  await cut.begins('exchange')
  const found = await status(testProject(root))
  expect(found.interrupted).toEqual([{ what: 'code', step: 'exchange' }])
  expect(found.kept).toEqual([old])
})

describe('a source', () => {
  const withUploads = () => testProject(root, { volumes: [testBind(path.join(root, 'uploads'))] })
  const uploads = someVolume({ key: 'uploads', kind: 'bind', name: 'uploads' })
  const code = { kind: 'folder' as const, files: 1, bytes: 1 }

  async function lightsAt(age: number, project = withUploads()) {
    await fs.mkdir(path.join(root, 'uploads'), { recursive: true })
    await fs.writeFile(path.join(root, 'uploads', 'a.jpg'), 'a photo')
    const vault = await vaultInMemory()
    await publishPoint(vault, someManifest(project.facts, { takenAt: ago(age), code, volumes: [uploads] }))
    const { sources, verdict } = await status(project, vault)
    return { lights: sources.map(({ what, light }) => `${what} ${light}`), sources, verdict }
  }

  it('that no point has is red, with what takes one', async () => {
    const { sources, verdict } = await status(withUploads())
    expect(sources.map(({ light, fix }) => `${light} ${fix}`)).toEqual(Array(3).fill('red aidatavault init VAULT'))
    expect(verdict.loses).toBe('everything')
    const empty = await status(withUploads(), await vaultInMemory())
    expect(empty.sources[2]).toMatchObject({ light: 'red', fix: 'aidatavault backup', heldBy: null, inPoint: false })
  })

  it('is green as long as its point is new enough, and says what has changed since', async () => {
    const { lights, sources, verdict } = await lightsAt(dayMs / 2)
    expect(lights).toEqual(['code green', 'configuration green', 'volume uploads green'])
    expect(sources[2]?.changes).toMatchObject({ changed: true, files: 1 })
    expect(verdict).toMatchObject({ loses: 'since the points', volumeFiles: 1 })
  })

  it('whose point has become old is yellow, then red; at once red where a target says so', async () => {
    expect((await lightsAt(2 * dayMs)).lights).toContain('volume uploads yellow')
    expect((await lightsAt(8 * dayMs)).lights).toContain('volume uploads red')
    const strict = { ...withUploads(), config: { targets: { rpo: '1d' } } }
    expect((await lightsAt(2 * dayMs, strict)).lights).toContain('volume uploads red')
    const old = { ...withUploads(), config: { drill: { targets: { rpo: '3d' } } } }
    expect((await lightsAt(2 * dayMs, old)).lights).toContain('volume uploads green')
  })

  it('in which nothing has changed stays green, however old its point is', async () => {
    const project = withUploads()
    const vault = await vaultInMemory()
    const facts = { takenAt: ago(-60_000), code, volumes: [{ ...uploads, files: 0 }] }
    await fs.mkdir(path.join(root, 'uploads'))
    await publishPoint(vault, someManifest(project.facts, facts))
    const inAMonth = { ...quietRun(), clock: { now: () => new Date(Date.now() + 30 * dayMs) } }
    const request = { project, vaults: [opened(vault)], patience: patient }
    const { sources, verdict } = await projectStatus(request, tools, inAMonth)
    expect(sources.map(({ light, changes }) => [light, changes.changed])).toEqual(Array(3).fill(['green', false]))
    expect(verdict).toMatchObject({ sinceMs: null, whole: [], unknown: [] })
  })

  it('that does not run is asked nothing, and named with what starts it', async () => {
    const environment = { user: 'postgres', password: undefined, database: 'postgres' }
    const how = { access: 'service', method: 'logical', running: false, foundBy: 'image', storedOn: 'data' } as const
    const server: ProjectServer = { name: 'db', ...how, environment }
    const project = testProject(root, { servers: [server] })
    const vault = await vaultInMemory()
    await publishPoint(vault, { ...someManifest(project.facts), takenAt: ago(1000), code })
    const [, , missing] = (await status(project, vault)).sources
    expect(missing).toMatchObject({ light: 'red', fix: 'docker compose up --detach --wait db' })
    expect(missing?.problem).toContain('not running')
  })
})

describe('a vault', () => {
  const failing = (error: Error) => {
    const opening = Promise.reject(error)
    opening.catch(() => {})
    return { location: '/gone', opening }
  }

  it('that cannot be opened is red, and everything local is told all the same', async () => {
    const gone = failing(new RecoveryError('vault-missing', 'there is no vault at /gone'))
    const found = await status(testProject(root), undefined, { vaults: [gone] })
    expect(found.vaults).toMatchObject([{ light: 'red', state: 'not opened', code: 'vault-missing' }])
    expect(found.sources.map(({ light }) => light)).toEqual(['yellow', 'yellow'])
    expect(found.verdict.loses).toBe('unknown')
  })

  it('that cannot be opened is stood in for by the next one', async () => {
    const project = testProject(root)
    const vault = await vaultInMemory()
    const id = await publishPoint(vault, someManifest(project.facts))
    const gone = failing(new RecoveryError('vault-damaged', 'its key is damaged'))
    const found = await status(project, undefined, { vaults: [gone, opened(vault)] })
    expect(found.newest?.snapshot.id).toBe(id)
    expect(found.vaults.map(({ state, fix }) => `${state} ${fix}`)).toMatchObject([
      'not opened aidatavault repair /gone',
      expect.stringMatching(/^open/) as string,
    ])
  })

  it('whose password nobody gave is red where it is the first, yellow where it is a further one', async () => {
    const project = testProject(root)
    const unknown = () => failing(new RecoveryError('bad-input', 'its password is not known here'))
    const first = await status(project, undefined, { vaults: [unknown()] })
    expect(first.vaults[0]).toMatchObject({ light: 'red', fix: 'aidatavault status --password-file FILE' })
    const vaults = [opened(await vaultInMemory()), unknown()]
    const further = await status(project, undefined, { vaults })
    expect(further.vaults[1]).toMatchObject({ light: 'yellow', fix: 'aidatavault status --target-password-file FILE' })
  })

  it('that does not answer is not waited for', async () => {
    const silent = { location: 's3:far/away', opening: new Promise<Vault>(() => {}) }
    const found = await status(testProject(root), undefined, {
      vaults: [silent],
      patience: new Patience(10, quietRun()),
    })
    expect(found.vaults).toMatchObject([{ state: 'no answer', problem: 'did not answer in 10 ms' }])
    expect(found).toMatchObject({ light: 'red', leftBehind: true })
  })

  it('that lacks the newest point is red once what it has is too old', async () => {
    const project = testProject(root)
    const [first, second] = [await vaultInMemory(), await vaultInMemory()]
    await publishPoint(first, someManifest(project.facts, { takenAt: ago(1000) }))
    const found = await status(project, undefined, { vaults: [opened(first), { ...opened(second), location: '/2' }] })
    expect(found.vaults[1]).toMatchObject({ light: 'red', fix: 'aidatavault copy /2', copy: null })
  })
})

it('what discovery left out is named where it may be missed, and not where nobody would', async () => {
  const chosen = { what: 'volume cache', why: 'aidatavault.yml says protect: false', harmless: true as const }
  const large = { what: 'dump.sql', why: 'git ignores it, and it is larger than 100 MB' }
  const { gaps, leftOut } = await status(testProject(root, { leftOut: [chosen, large] }))
  expect(gaps.map(({ what, light }) => [what, light])).toEqual([['dump.sql', 'yellow']])
  expect(leftOut).toHaveLength(2)
})

describe('what could not be looked at', () => {
  const fails = () => Promise.reject(new Error('it hangs'))

  it('is no silence: what containers keep in themselves', async () => {
    const engine = { writtenBytes: fails } as unknown as ContainerEngine
    const request = { project: testProject(root), vaults: [], patience: patient }
    const { gaps } = await projectStatus(request, { ...tools, engine }, quietRun())
    const why = 'not known: it hangs'
    expect(gaps).toEqual([
      { what: 'what containers keep in themselves', why, light: 'yellow', fix: 'aidatavault status --wait' },
    ])
  })

  it('is no silence: env files beside their examples', async () => {
    const impatient = { within: fails } as unknown as Patience
    const gaps = await lookAtGaps(testProject(root), tools, impatient)
    expect(gaps.map(({ what, light }) => `${light} ${what}`)).toEqual([
      'yellow what containers keep in themselves',
      'yellow env files beside their examples',
    ])
  })

  it('is no silence: the proof of drills', async () => {
    const compose = { engineAnswers: false } as unknown as Project['compose']
    const vault = await vaultInMemory()
    const listSnapshots = vault.listSnapshots.bind(vault)
    // The points can be listed; the evidence behind them cannot.
    vi.spyOn(vault, 'listSnapshots').mockImplementationOnce(listSnapshots).mockImplementation(fails)
    const { proof, light } = await status(testProject(root, { compose }), vault)
    expect(proof).toMatchObject({ proof: null, problem: 'it hangs', light: 'yellow' })
    expect(light).not.toBe('green')
  })
})

it('an env file that lacks a key of its example, or is not there, is named without any value', async () => {
  await fs.writeFile(path.join(root, '.env.example'), 'API_KEY=\nMAIL_KEY=\n')
  await fs.writeFile(path.join(root, '.env'), 'API_KEY=s3cr3t\n')
  await fs.writeFile(path.join(root, 'other.env.example'), 'A=\n')
  const { gaps } = await status(testProject(root))
  expect(gaps.find(({ what }) => what === '.env')).toMatchObject({ fix: 'aidatavault config check' })
  expect(gaps.map(({ why }) => why).join()).toContain('MAIL_KEY')
  expect(JSON.stringify(gaps)).not.toContain('s3cr3t')
})

describe('what runs by itself', () => {
  const withSchedule = (backup: string) => ({ ...testProject(root), config: { schedule: { backup } } })

  it('is red where the schedule makes no sense, and says why', async () => {
    const { routine, light } = await status(withSchedule('every day'))
    expect(routine).toMatchObject({ light: 'red', problem: expect.stringContaining('"every day"') as string })
    expect(light).toBe('red')
  })

  it('tells how a check went in each vault, and not of one what was found in another', async () => {
    const now = new Date().toISOString()
    await appendRun(root, {
      ...{
        version: 1,
        id: newRunId(),
        job: 'check',
        trigger: 'command',
        hostname: 'here',
        startedAt: now,
        endedAt: now,
      },
      ...{ outcome: 'failed', vault: '/vault' },
      vaults: [
        { vault: '/vault', ok: true },
        { vault: '/second', ok: false },
      ],
    })
    const vaults = await Promise.all(
      ['/vault', '/second'].map(async location => ({ ...opened(await vaultInMemory()), location })),
    )
    const { vaults: found } = await projectStatus(
      { project: testProject(root), vaults, patience: patient },
      tools,
      quietRun(),
    )
    expect(found.map(({ lastCheck }) => lastCheck?.ok)).toEqual([true, false])
  })
})
