import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../../contract/run-record.ts'
import { appendRun, newRunId } from '../../journal/run-history.ts'
import { encodeGauges, metricsText } from './metrics-text.ts'
import { serveMetrics } from './serve-metrics.ts'
import { parseMetrics } from './testing/parse-metrics.ts'
import { writeMetrics } from './write-metrics.ts'

const start = Date.UTC(2026, 2, 1)
const hour = 3_600_000

describe('metrics', () => {
  let root: string
  const place = () => ({ root, directory: root })
  beforeEach(async () => {
    root = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-metrics-')))
    await fs.writeFile(path.join(root, 'aidatavault.yml'), 'name: shop\ntargets: { rpo: 4h, rto: 30m, proof: 30d }\n')
  })
  afterEach(() => fs.rm(root, { recursive: true, force: true }))

  const happened = (atHours: number, more: Partial<RunRecord>) => {
    const startedAt = start + atHours * hour
    return appendRun(root, {
      ...{ version: 1, id: newRunId(), job: 'backup', trigger: 'schedule', hostname: 'here', outcome: 'success' },
      ...{ startedAt: new Date(startedAt).toISOString(), endedAt: new Date(startedAt + 60_000).toISOString() },
      ...more,
    })
  }
  const read = async (atHours: number) => parseMetrics(await metricsText(place(), new Date(start + atHours * hour)))
  const at = (hours: number) => (start + hours * hour) / 1000

  it('are what Prometheus reads, also before anything has run', async () => {
    expect([...(await read(0)).keys()]).toEqual([
      'aidatavault_rpo_target_seconds{project="shop"}',
      'aidatavault_rto_target_seconds{project="shop"}',
      'aidatavault_proof_target_seconds{project="shop"}',
    ])
  })

  it('say of each job its last success and how its last run ended', async () => {
    await happened(0, { point: 'a', state: 'complete', bytesRead: 5000, bytesAdded: 70 })
    await happened(1, {
      outcome: 'failed',
      exitCode: 17,
      notices: [{ to: 'mail', event: 'failure', at: new Date(start).toISOString(), ok: false }],
    })
    await happened(1, { job: 'check' })
    const found = await read(2)
    const of = (name: string, more = '') => found.get(`aidatavault_${name}{project="shop",job="backup"${more}}`)
    expect(of('last_success_timestamp_seconds')).toBe(at(0) + 60)
    expect(of('last_success_age_seconds')).toBe(7200 - 60)
    expect(of('last_success_read_bytes')).toBe(5000)
    expect(of('last_success_added_bytes')).toBe(70)
    expect(of('last_run_timestamp_seconds')).toBe(at(1) + 60)
    expect(of('last_run_duration_seconds')).toBe(60)
    expect(of('last_run_untold_notices')).toBe(1)
    const outcomes = ['success', 'failed', 'interrupted', 'missed'].map(each =>
      of('last_outcome', `,outcome="${each}"`),
    )
    expect(outcomes).toEqual([0, 1, 0, 0])
    expect(found.get('aidatavault_last_success_timestamp_seconds{project="shop",job="check"}')).toBe(at(1) + 60)
  })

  it('say how much would be lost, by points that bring the whole project back, and how long that takes', async () => {
    const proof = { at: new Date(start).toISOString(), recoveryMs: 90_000 }
    await happened(0, { job: 'drill', proof })
    await happened(1, { point: 'a', state: 'complete', proof })
    await happened(2, { point: 'b', state: 'incomplete' })
    await happened(3, { job: 'drill', outcome: 'failed' })
    const found = await read(4)
    const of = (name: string) => found.get(`aidatavault_${name}{project="shop"}`)
    expect(of('newest_point_timestamp_seconds')).toBe(at(1))
    expect([of('rpo_seconds'), of('rpo_target_seconds')]).toEqual([3 * 3600, 4 * 3600])
    expect([of('rto_seconds'), of('rto_target_seconds')]).toEqual([90, 1800])
    expect(of('proof_timestamp_seconds')).toBe(at(0))
    expect([of('proof_age_seconds'), of('proof_target_seconds')]).toEqual([4 * 3600, 30 * 86_400])
  })

  it('say of each source when and how it was captured last', async () => {
    await happened(0, {
      point: 'a',
      sources: [
        { name: 'code', ms: 1500, bytes: 10 },
        { name: 'volume a"b\\c', ms: 1, bytes: 2 },
      ],
    })
    await happened(1, { point: 'b', sources: [{ name: 'code', ms: 500, bytes: 20 }] })
    const found = await read(2)
    const of = (name: string, source: string) =>
      found.get(`aidatavault_source_${name}{project="shop",source="${source}"}`)
    expect(of('last_success_timestamp_seconds', 'code')).toBe(at(1) + 60)
    expect([of('duration_seconds', 'code'), of('read_bytes', 'code')]).toEqual([0.5, 20])
    expect(of('last_success_timestamp_seconds', 'volume a\\"b\\\\c')).toBe(at(0) + 60)
  })

  it('say when a job is due next, where something keeps the schedule', async () => {
    await fs.appendFile(
      path.join(root, 'aidatavault.yml'),
      'schedule: { backup: "0 * * * *", timezone: UTC, jitter: 0s }\n',
    )
    const due = 'aidatavault_next_run_timestamp_seconds{project="shop",job="backup"}'
    expect((await read(0)).has(due)).toBe(false)
    const { keepSince } = await import('../../journal/scheduled-since.ts')
    await keepSince(root, ['backup'], new Date(start))
    expect((await read(0.5)).get(due)).toBe(at(1))
    expect((await read(0.5)).get('aidatavault_overdue{project="shop",job="backup"}')).toBe(0)
    expect((await read(3)).get('aidatavault_overdue{project="shop",job="backup"}')).toBe(1)
  })

  it('have units in their names, as Prometheus wants them, and are escaped', async () => {
    const one = {
      name: 'x_seconds',
      help: 'A\nb\\.',
      labels: ['job'] as const,
      series: [{ labels: { job: 'a\nb' }, value: 1.5 }],
    }
    const text = await encodeGauges('sh"op', [one])
    expect(text).toContain('# HELP aidatavault_x_seconds A\\nb\\\\.')
    expect(parseMetrics(text)).toEqual(new Map([['aidatavault_x_seconds{project="sh\\"op",job="a\\nb"}', 1.5]]))
  })

  it('are written as a file that others may read, whole or not at all', async () => {
    await happened(0, { point: 'a' })
    const file = path.join(root, 'shop.prom')
    const times = Array.from({ length: 8 }, (_, nth) => new Date(start + nth * hour))
    const texts = await Promise.all(times.map(now => writeMetrics(place(), file, now)))
    expect(texts).toContain(await fs.readFile(file, 'utf8'))
    expect((await fs.stat(file)).mode & 0o777).toBe(0o644)
    expect((await fs.readdir(root)).filter(name => name.startsWith('shop.prom'))).toEqual(['shop.prom'])
    const nowhere = writeMetrics(place(), path.join(root, 'gone', 'shop.prom'), times[0]!)
    await expect(nowhere).rejects.toMatchObject({ code: 'storage-failed' })
  })

  it('are served over HTTP until the run is stopped', async () => {
    await happened(0, { point: 'a' })
    const stop = new AbortController()
    const run = { signal: stop.signal, clock: { now: () => new Date(start + hour) }, report: () => {} }
    const url = await serveMetrics(place(), '127.0.0.1:0', run)
    const answer = await fetch(url)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(parseMetrics(await answer.text()).get('aidatavault_rpo_seconds{project="shop"}')).toBe(3600)
    expect((await fetch(new URL('/', url))).status).toBe(404)
    expect((await fetch(url, { method: 'POST' })).status).toBe(405)
    const taken = serveMetrics(place(), new URL(url).host, run)
    await expect(taken).rejects.toMatchObject({ code: 'bad-input' })
    await fs.writeFile(path.join(root, 'aidatavault.yml'), 'nonsense: 1\n')
    expect((await fetch(url)).status).toBe(500)
    stop.abort()
    await expect(fetch(url)).rejects.toThrow()
  })
})
