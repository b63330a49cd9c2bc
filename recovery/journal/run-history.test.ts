import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../contract/run-record.ts'
import { appendRun, endUnseenRuns, newRunId, readRuns } from './run-history.ts'

const start = Date.UTC(2026, 2, 1)

/** The nth run of this test, an hour after the one before. */
const runAt = (n: number, more: Partial<RunRecord> = {}): RunRecord => ({
  version: 1,
  id: newRunId(),
  job: 'backup',
  trigger: 'command',
  hostname: os.hostname(),
  startedAt: new Date(start + n * 3_600_000).toISOString(),
  outcome: 'success',
  ...more,
})

describe('the run history', () => {
  let root: string
  const folder = () => path.join(root, '.aidatavault')
  const files = async () => (await fs.readdir(folder())).filter(name => name.startsWith('runs-')).sort()
  beforeEach(async () => void (root = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-runs-'))))
  afterEach(() => fs.rm(root, { recursive: true, force: true }))

  /** What was written so far was written by another machine. */
  async function moveElsewhere(): Promise<void> {
    const [name = ''] = await files()
    const file = path.join(folder(), name)
    const text = await fs.readFile(file, 'utf8')
    await fs.writeFile(file, text.replaceAll(`"hostname":"${os.hostname()}"`, '"hostname":"elsewhere"'))
  }

  it('is empty where nothing ran, and makes nothing by being read', async () => {
    expect(await readRuns(root)).toEqual([])
    expect(await fs.readdir(root)).toEqual([])
  })

  it('tells how a run ended that was under way, once', async () => {
    const begun = runAt(1, { outcome: 'running' })
    await appendRun(root, begun)
    expect(await readRuns(root)).toEqual([begun])
    const ended: RunRecord = { ...begun, outcome: 'failed', endedAt: new Date(start).toISOString(), exitCode: 35 }
    await appendRun(root, ended)
    expect(await readRuns(root)).toEqual([ended])
    expect((await fs.stat(path.join(folder(), 'runs-00000001.jsonl'))).mode & 0o777).toBe(0o600)
  })

  it('takes a run whose process was killed for interrupted', async () => {
    const text = `
      import { appendRun } from ${JSON.stringify(path.join(import.meta.dirname, 'run-history.ts'))}
      await appendRun(${JSON.stringify(root)}, ${JSON.stringify(runAt(1, { outcome: 'running' }))})
      process.stdout.write('written')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', text], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise(resolve => child.stdout.once('data', resolve))
    expect((await readRuns(root)).map(({ outcome }) => outcome)).toEqual(['running'])
    const gone = new Promise(resolve => child.once('close', resolve))
    child.kill('SIGKILL')
    await gone
    expect((await readRuns(root)).map(({ outcome }) => outcome)).toEqual(['interrupted'])
  })

  it('takes a run of another machine for interrupted only after a day', async () => {
    await appendRun(root, runAt(1, { outcome: 'running' }))
    await moveElsewhere()
    const outcomeAfter = async (hours: number) =>
      (await readRuns(root, new Date(start + (1 + hours) * 3_600_000)))[0]?.outcome
    expect(await outcomeAfter(23)).toBe('running')
    expect(await outcomeAfter(25)).toBe('interrupted')
  })

  it('ends the runs of a scheduler of another machine for who keeps the schedule now, and no others', async () => {
    const scheduled = runAt(1, { outcome: 'running', trigger: 'schedule' })
    const typed = runAt(2, { outcome: 'running' })
    for (const record of [scheduled, typed]) await appendRun(root, record)
    await moveElsewhere()
    const own = runAt(3, { outcome: 'running', trigger: 'catch-up' })
    await appendRun(root, own)
    await endUnseenRuns(root)
    const now = new Date(start + 4 * 3_600_000)
    expect((await readRuns(root, now)).map(({ id, outcome }) => [id, outcome])).toEqual([
      [scheduled.id, 'interrupted'],
      [typed.id, 'running'],
      [own.id, 'running'],
    ])
  })

  it('knows how a run ended, though a line that says it runs stands behind that', async () => {
    const ended = runAt(1, { outcome: 'failed', exitCode: 35 })
    await appendRun(root, ended)
    await appendRun(root, { ...ended, outcome: 'running' })
    expect(await readRuns(root)).toEqual([ended])
  })

  it('loses only a line that a crash has torn, wherever it was torn', async () => {
    const whole = runAt(1)
    await appendRun(root, whole)
    const file = path.join(folder(), 'runs-00000001.jsonl')
    const before = await fs.readFile(file)
    await appendRun(root, runAt(2))
    const after = await fs.readFile(file)
    for (let at = before.length; at < after.length - 2; at += 7) {
      await fs.writeFile(file, after.subarray(0, at))
      const next = runAt(3)
      await appendRun(root, next)
      expect(await readRuns(root)).toEqual([whole, next])
    }
  })

  it('passes over what a later version wrote', async () => {
    const known = runAt(1)
    await appendRun(root, known)
    await fs.appendFile(path.join(folder(), 'runs-00000001.jsonl'), '{"version":2,"id":"x"}\nnonsense\n')
    expect(await readRuns(root)).toEqual([known])
  })

  it('stays small, and forgets neither the last success of any job, its last run and the last by its schedule, nor what is under way', async () => {
    const limits = { fileBytes: 2500, files: 3 }
    const kept = [
      runAt(0, { job: 'drill' }),
      runAt(0.1, { job: 'drill', outcome: 'failed', dueAt: new Date(start).toISOString() }),
      runAt(0.2, { job: 'drill', outcome: 'failed' }),
      runAt(1, { job: 'check', outcome: 'running' }),
      runAt(2, { job: 'check' }),
    ]
    for (const record of kept) await appendRun(root, record, limits)
    for (let n = 3; n < 80; n++) await appendRun(root, runAt(n), limits)
    const runs = await readRuns(root)
    expect(runs.slice(0, kept.length)).toEqual(kept)
    expect(runs.length).toBeLessThan(40)
    expect(runs.at(-1)?.startedAt).toBe(runAt(79).startedAt)
    expect((await files()).length).toBeLessThanOrEqual(3)
  })

  it('keeps every run of several that write at once, over many files', async () => {
    const limits = { fileBytes: 3000, files: 1000 }
    const records = Array.from({ length: 60 }, (_, n) => runAt(n))
    await Promise.all(records.map(record => appendRun(root, record, limits)))
    expect(await readRuns(root)).toEqual(records)
    expect(await fs.readdir(folder())).toEqual(['.gitignore', ...(await files())])
  })
})
