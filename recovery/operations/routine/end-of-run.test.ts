import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../../contract/run-record.ts'
import { appendRun, readRuns } from '../../journal/run-history.ts'
import { quietRun } from '../../sources/testing/test-project.ts'
import { endOfRun, type JobEnd } from './end-of-run.ts'
import { KeptHistory } from './kept-history.ts'

const begun: RunRecord = {
  ...{ version: 1, id: '0123456789abcdef', job: 'drill', trigger: 'schedule', hostname: os.hostname() },
  ...{ startedAt: '2026-03-01T01:00:00.000Z', outcome: 'running' },
}

describe('the end of a job', () => {
  let root: string
  beforeEach(async () => {
    root = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-end-'))
    await appendRun(root, begun)
  })
  afterEach(() => fs.rm(root, { recursive: true, force: true }))

  const endOf = (end: JobEnd, run = quietRun()) => endOfRun(new KeptHistory(root, run), begun, end, run)

  it.each<[string, JobEnd, RunRecord['outcome'], AbortSignal?]>([
    ['0 is success', { exitCode: 0 }, 'success'],
    ['0 is success, also where all was to stop', { exitCode: 0 }, 'success', AbortSignal.abort()],
    ['130 is that somebody stopped it', { exitCode: 130 }, 'interrupted'],
    ['any, where all was to stop, is that it was stopped', { exitCode: 1 }, 'interrupted', AbortSignal.abort()],
    ['any other is a failure', { exitCode: 36 }, 'failed'],
    ['none, but a signal, is that it was cut off', { signal: 'SIGKILL' }, 'interrupted'],
    ['none at all is that it could not start', {}, 'failed'],
  ])('is told by its exit code: %s; and that is written down', async (_, end, outcome, signal) => {
    const ended = await endOf(end, quietRun(signal))
    expect(ended).toMatchObject({ outcome, endedAt: expect.any(String) as string })
    expect(await readRuns(root)).toEqual([ended])
  })

  it('is what the job itself has written of it, whatever its exit code', async () => {
    const written: RunRecord = { ...begun, outcome: 'failed', endedAt: '2026-03-01T01:02:00.000Z', exitCode: 35 }
    await appendRun(root, written)
    expect(await endOf({ exitCode: 1 })).toEqual(written)
    expect(await readRuns(root)).toEqual([written])
  })
})
