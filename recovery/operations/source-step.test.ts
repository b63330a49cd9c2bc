import { expect, it } from 'vitest'
import type { PointWriter, SavedPart } from '../domain/point-content.ts'
import { currentStep, step, type RunEvent } from '../domain/run.ts'
import { sourceStep } from './source-step.ts'

const saved = (bytes: number): SavedPart => ({ files: 1, folders: 0, others: 0, bytes, sha256: '', skipped: [] })
const stream = (bytes: number) => ({
  ...{ kind: 'stream', path: `part-${bytes}`, finished: Promise.resolve() },
  bytes: (async function* () {
    yield new Uint8Array(bytes)
  })(),
})
const writer: PointWriter = {
  save: async part => saved(part.kind === 'stream' ? Number(part.path.slice('part-'.length)) : 0),
  saveEarlier: async (_path, file) => (file.sha256 === '' ? undefined : saved(file.bytes)),
  fail: () => {},
}

function told() {
  const events: RunEvent[] = []
  const run = {
    signal: new AbortController().signal,
    clock: { now: () => new Date() },
    report: (event: RunEvent) => void events.push(event),
  }
  const ends = () =>
    events.flatMap(event => (event.kind === 'step-done' ? [[event.step, event.bytes ?? null] as const] : []))
  return { run, events, ends }
}

it('each of two sources that are captured side by side has its own bytes', async () => {
  const { run, ends } = told()
  const begun = Promise.withResolvers<void>()
  const first = sourceStep(
    run,
    'code',
    writer,
    async own => {
      await begun.promise
      await own.save(stream(5) as Parameters<PointWriter['save']>[0])
      await own.saveEarlier('bundle', { bytes: 70, sha256: 'a' })
      await own.saveEarlier('gone', { bytes: 900, sha256: '' })
    },
    {},
  )
  const second = sourceStep(
    run,
    'volume uploads',
    writer,
    async own => {
      begun.resolve()
      await own.save(stream(3000) as Parameters<PointWriter['save']>[0])
    },
    {},
  )
  await Promise.all([first, second])
  expect(new Map(ends())).toEqual(
    new Map([
      ['code', 75],
      ['volume uploads', 3000],
    ]),
  )
})

it('a step knows which one it is a part of, beside others, and tells when it fails', async () => {
  const { run, events } = told()
  const failing = step(run, 'outer', async () => {
    await Promise.resolve()
    return step(run, 'inner', async () => {
      expect(currentStep()).toBe('inner')
      throw new Error('no')
    })
  })
  const beside = step(run, 'beside', async () => currentStep())
  await expect(failing).rejects.toThrow('no')
  expect(await beside).toBe('beside')
  expect(currentStep()).toBeUndefined()
  expect(events).toContainEqual({ kind: 'step-started', step: 'inner', within: 'outer' })
  expect(events).toContainEqual({ kind: 'step-started', step: 'beside' })
  expect(events.filter(({ kind }) => kind === 'step-failed')).toEqual([
    { kind: 'step-failed', step: 'inner' },
    { kind: 'step-failed', step: 'outer' },
  ])
})
