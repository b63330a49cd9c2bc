import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Config } from '../../../contract/config.ts'
import type { RunRecord } from '../../../contract/run-record.ts'
import type { Run } from '../../domain/run.ts'
import { appendRun, readRuns } from '../../journal/run-history.ts'
import type { JobEnd } from './end-of-run.ts'
import { keepSchedule, serveOnce, type Routine } from './keep-schedule.ts'
import { nobody, type RunObserver } from './run-observer.ts'
import { readSchedule } from './schedule.ts'

const minute = 60_000
const hour = 60 * minute

/** A machine whose time goes on when somebody waits, and that can be put to sleep. */
class Machine {
  #wall = Date.parse('2026-03-01T00:30:00Z')
  #uptime = 0
  readonly clock = { now: () => new Date(this.#wall) }
  readonly timer = {
    uptimeMs: () => this.#uptime,
    sleep: async (ms: number) => this.work(ms),
  }
  work(ms: number): void {
    this.#wall += ms
    this.#uptime += ms
  }
  sleep(ms: number): void {
    this.#wall += ms
  }
  /** Somebody sets the clock. */
  set(time: string): void {
    this.#wall = Date.parse(time)
  }
}

/** A run that somebody typed, and that is under way. */
const typedHere = (job: RunRecord['job'], startedAt: string): RunRecord => ({
  ...{ version: 1, id: '0123456789abcdef', job, trigger: 'command', hostname: os.hostname() },
  ...{ startedAt, outcome: 'running' },
})

describe('keeping a schedule', () => {
  let root: string
  let machine: Machine
  let stop: AbortController
  const warnings: string[] = []
  beforeEach(async () => {
    root = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-routine-'))
    machine = new Machine()
    stop = new AbortController()
    warnings.length = 0
  })
  afterEach(() => fs.rm(root, { recursive: true, force: true }))

  const run = (): Run => ({
    signal: stop.signal,
    clock: machine.clock,
    report: event => void (event.kind === 'warning' && warnings.push(event.text)),
  })

  /** A schedule whose jobs do what `work` says; it is stopped when so many have begun. */
  const routineOf = (
    schedule: Config['schedule'],
    most: number,
    work: (record: RunRecord, nth: number) => Promise<JobEnd> | JobEnd,
    observer: RunObserver = nobody,
  ): Routine => {
    let begun = 0
    return {
      root,
      schedule: async () =>
        readSchedule({ schedule: { timezone: 'UTC', jitter: '0s', ...schedule }, retain: {} }, root),
      start: async record => {
        begun++
        const end = await work(record, begun)
        if (begun === most) stop.abort()
        return end
      },
      observer,
      timer: machine.timer,
      tell: () => {},
    }
  }
  const done = (): JobEnd => {
    machine.work(minute)
    return { exitCode: 0 }
  }
  const told = async () =>
    (await readRuns(root, machine.clock.now())).map(
      ({ job, trigger, dueAt, outcome }) => `${dueAt?.slice(11, 16)} ${job} ${trigger} ${outcome}`,
    )

  it('takes a first backup at once, then one at each time', async () => {
    await keepSchedule(routineOf({ backup: '0 * * * *' }, 3, done), run())
    expect(await told()).toEqual([
      '00:30 backup catch-up success',
      '01:00 backup schedule success',
      '02:00 backup schedule success',
    ])
  })

  it('does one job at a time, a backup before what is done with points, and none is forgotten for it', async () => {
    const slowly = ({ job }: RunRecord): JobEnd => {
      machine.work(job === 'backup' ? 70 * minute : minute)
      return { exitCode: 0 }
    }
    await keepSchedule(routineOf({ backup: '0 3 * * *', retain: '0 3 * * *', check: '30 3 * * *' }, 4, slowly), run())
    expect(await told()).toEqual([
      '00:30 backup catch-up success',
      '03:00 backup schedule success',
      '03:00 retain schedule success',
      '03:30 check schedule success',
    ])
  })

  it('lets every job come to its turn, however often the others are due', async () => {
    const slowly = (): JobEnd => {
      machine.work(3 * minute)
      return { exitCode: 0 }
    }
    const often = { backup: '* * * * *', retain: '* * * * *', check: '*/2 * * * *' }
    await keepSchedule(routineOf(often, 9, slowly), run())
    const order = (await readRuns(root, machine.clock.now())).filter(({ outcome }) => outcome === 'success')
    expect(order.map(({ job }) => job).join(' ')).toBe('backup backup retain check backup retain check backup retain')
  })

  it('makes up once for what was missed in sleep, and says what was not made up for', async () => {
    const sleepy = (_record: RunRecord, nth: number): JobEnd => {
      machine.work(minute)
      if (nth === 2) machine.sleep(4 * hour + 20 * minute)
      return { exitCode: 0 }
    }
    await keepSchedule(routineOf({ backup: '0 * * * *' }, 4, sleepy), run())
    expect(await told()).toEqual([
      '00:30 backup catch-up success',
      '01:00 backup schedule success',
      '04:00 backup schedule missed',
      '05:00 backup catch-up success',
      '06:00 backup schedule success',
    ])
    expect((await readRuns(root, machine.clock.now()))[2]?.missed).toEqual({
      first: '2026-03-01T02:00:00.000Z',
      count: 3,
    })
  })

  it('goes on by its times when somebody sets the clock, forward or back', async () => {
    const set = (_record: RunRecord, nth: number): JobEnd => {
      machine.work(minute)
      if (nth === 2) machine.set('2026-03-05T01:10:00Z')
      if (nth === 4) machine.set('2026-03-01T05:10:00Z')
      return { exitCode: 0 }
    }
    await keepSchedule(routineOf({ backup: '0 * * * *' }, 6, set), run())
    const begun = (await readRuns(root, new Date('2026-03-06'))).filter(({ outcome }) => outcome === 'success')
    expect(begun.map(({ dueAt }) => dueAt)).toEqual([
      '2026-03-01T00:30:00.000Z',
      '2026-03-01T01:00:00.000Z',
      // What lies between the old and the new time was missed, as far as anybody can know.
      '2026-03-01T05:00:00.000Z',
      '2026-03-01T06:00:00.000Z',
      '2026-03-05T01:00:00.000Z',
      '2026-03-05T02:00:00.000Z',
    ])
  })

  it('goes on after a job that failed, that was killed, or that could not be started', async () => {
    const ends: JobEnd[] = [{ exitCode: 36 }, { signal: 'SIGKILL' }, { signal: 'SIGKILL' }, {}, { exitCode: 0 }]
    const work = (_record: RunRecord, nth: number): JobEnd => {
      machine.work(minute)
      return ends[nth - 1] ?? {}
    }
    await keepSchedule(routineOf({ backup: '0 * * * *' }, 5, work), run())
    expect(await told()).toEqual([
      '00:30 backup catch-up failed',
      '01:00 backup schedule interrupted',
      '01:00 backup schedule interrupted',
      '02:00 backup schedule failed',
      '03:00 backup schedule success',
    ])
    const [failed, killed] = await readRuns(root, machine.clock.now())
    expect(failed).toMatchObject({
      exitCode: 36,
      error: { message: expect.stringContaining('exit code 36') as string },
    })
    expect(killed?.error?.message).toContain('SIGKILL')
  })

  it('tries again what met another one at work, and tells only of the end', async () => {
    const heard: string[] = []
    const observer: RunObserver = {
      started: async () => {},
      ended: async ({ outcome }, previous) => void heard.push(`${outcome} after ${previous?.outcome}`),
    }
    const work = async (record: RunRecord, nth: number): Promise<JobEnd> => {
      machine.work(1000)
      if (nth !== 2) return { exitCode: 0 }
      const error = { code: 'vault-locked', message: 'in use' }
      const endedAt = machine.clock.now().toISOString()
      await appendRun(root, { ...record, outcome: 'failed', exitCode: 11, error, endedAt })
      return { exitCode: 11 }
    }
    await keepSchedule(routineOf({ backup: '0 * * * *' }, 3, work, observer), run())
    expect(await told()).toEqual([
      '00:30 backup catch-up success',
      '01:00 backup schedule failed',
      '01:00 backup schedule success',
    ])
    const [, failed, again] = await readRuns(root, machine.clock.now())
    expect(Date.parse(again!.startedAt) - Date.parse(failed!.endedAt!)).toBeGreaterThanOrEqual(minute)
    expect(heard).toEqual(['success after undefined', 'success after failed'])
  })

  it('waits while somebody else runs a job here', async () => {
    const typed = typedHere('drill', machine.clock.now().toISOString())
    await appendRun(root, typed)
    const routine = routineOf({ backup: '0 * * * *' }, 1, done)
    const patient = {
      ...machine.timer,
      sleep: async (ms: number) => {
        machine.work(ms)
        if (machine.clock.now() > new Date('2026-03-01T01:20:00Z'))
          await appendRun(root, { ...typed, outcome: 'success', endedAt: machine.clock.now().toISOString() })
      },
    }
    await keepSchedule({ ...routine, timer: patient }, run())
    const [, backup] = await readRuns(root, machine.clock.now())
    expect(backup).toMatchObject({ dueAt: '2026-03-01T01:00:00.000Z', trigger: 'schedule', outcome: 'success' })
    expect(backup!.startedAt > '2026-03-01T01:20').toBe(true)
  })

  it('does not wait for what a scheduler of another machine had begun, who is gone', async () => {
    const startedAt = machine.clock.now().toISOString()
    const left: RunRecord = { ...typedHere('backup', startedAt), trigger: 'schedule', dueAt: startedAt }
    await appendRun(root, left)
    const file = path.join(root, '.aidatavault', 'runs-00000001.jsonl')
    const text = await fs.readFile(file, 'utf8')
    await fs.writeFile(file, text.replaceAll(`"hostname":"${os.hostname()}"`, '"hostname":"elsewhere"'))
    expect(await serveOnce(routineOf({ backup: '0 * * * *' }, 9, done), run())).toHaveLength(1)
    expect((await told())[0]).toBe('00:30 backup schedule interrupted')
  })

  it('is not hindered by an observer that fails, and says so', async () => {
    const fails = () => Promise.reject(new Error('no such mail server'))
    await keepSchedule(routineOf({ backup: '0 * * * *' }, 2, done, { started: fails, ended: fails }), run())
    expect(await told()).toHaveLength(2)
    expect(warnings[0]).toContain('no such mail server')
  })

  it('goes on where nothing can be written down any more, does nothing twice, and writes it down later', async () => {
    const folder = path.join(root, '.aidatavault')
    const file = path.join(folder, 'runs-00000001.jsonl')
    const work = async (_record: RunRecord, nth: number): Promise<JobEnd> => {
      machine.work(minute)
      // A disk that is full, as far as this file is concerned.
      if (nth === 1) await fs.rename(file, `${file}.away`).then(() => fs.mkdir(file))
      if (nth === 3) await fs.rmdir(file).then(() => fs.rename(`${file}.away`, file))
      return { exitCode: 0 }
    }
    await keepSchedule(routineOf({ backup: '0 * * * *' }, 4, work), run())
    expect(await told()).toEqual([
      '00:30 backup catch-up success',
      '01:00 backup schedule success',
      '02:00 backup schedule success',
      '03:00 backup schedule success',
    ])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('cannot be written down')
  })

  it('is done by one only', async () => {
    let second: unknown
    const work = async (): Promise<JobEnd> => {
      second = await keepSchedule(routineOf({ backup: '0 * * * *' }, 1, done), run()).catch((error: unknown) => error)
      return { exitCode: 0 }
    }
    await keepSchedule(routineOf({ backup: '0 * * * *' }, 1, work), run())
    expect(second).toMatchObject({ code: 'target-exists' })
  })

  it('once does what is due, each job once, and knows the next time what was done', async () => {
    const once = () => serveOnce(routineOf({ backup: '0 * * * *', check: '10 * * * *' }, 9, done), run())
    expect((await once()).map(({ job }) => job)).toEqual(['backup'])
    expect(await once()).toEqual([])
    machine.work(45 * minute)
    expect((await once()).map(({ job, trigger }) => `${job} ${trigger}`)).toEqual(['backup catch-up', 'check schedule'])
    machine.sleep(3 * hour)
    expect((await once()).map(({ job, outcome }) => `${job} ${outcome}`)).toEqual(['backup success', 'check success'])
    expect((await told()).filter(line => line.includes('missed'))).toHaveLength(2)
  })
})
