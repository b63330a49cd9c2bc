import { createHash } from 'node:crypto'
import { Cron } from 'croner'

export interface TimetableOptions {
  /** IANA name. */
  readonly zone: string
  /** How much later than its time a run may begin, so that not all machines begin at once. */
  readonly jitterMs: number
  /** What the delays are drawn from: the same text and time give the same delay, in every process. */
  readonly seed: string
}

/** As cron has it: a time of day that the clock skips comes right after the gap, one that comes twice counts once. */
export const readCron = (expression: string, zone: string): Cron =>
  new Cron(expression, { timezone: zone, paused: true, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' })

/** When a job is due: the times of its cron expressions, each with its delay. */
export class Timetable {
  readonly #crons: readonly Cron[]
  readonly #options: TimetableOptions

  /** Rejects with what croner says of an expression or zone that is none. */
  constructor(expressions: readonly string[], options: TimetableOptions) {
    this.#crons = expressions.map(expression => readCron(expression, options.zone))
    this.#options = options
  }

  /** The first time later than that; undefined where none comes any more. */
  next(after: Date): Date | undefined {
    let slot = this.#slotAfter(new Date(after.getTime() - this.#options.jitterMs - 1000))
    while (slot) {
      const due = this.#delayed(slot)
      if (due > after) return due
      slot = this.#slotAfter(slot)
    }
    return undefined
  }

  /** The due times later than `after` up to `until`, oldest first; where there are more than `most`, some newest of them. */
  between(after: Date, until: Date, most = 200): { readonly times: readonly Date[]; readonly areAll: boolean } {
    const times: Date[] = []
    for (let due = this.next(after); due && due <= until; due = this.next(due)) {
      times.push(due)
      if (times.length < most) continue
      const nearer = new Date(until.getTime() - (until.getTime() - due.getTime()) / 2)
      const { times: newest } = this.between(nearer > due ? nearer : due, until, most)
      return { times: newest.length > 0 ? newest : times, areAll: false }
    }
    return { times, areAll: true }
  }

  #slotAfter(time: Date): Date | undefined {
    const times = this.#crons.flatMap(cron => cron.nextRun(time) ?? [])
    return times.length === 0 ? undefined : new Date(Math.min(...times.map(Number)))
  }

  /** Never so late that it comes near the next one. */
  #delayed(slot: Date): Date {
    const { jitterMs, seed } = this.#options
    if (jitterMs === 0) return slot
    const next = this.#slotAfter(slot)
    const most = next ? Math.min(jitterMs, (next.getTime() - slot.getTime()) / 2) : jitterMs
    return new Date(slot.getTime() + Math.floor(fractionOf(`${seed} ${slot.toISOString()}`) * most))
  }
}

/** 0 to 1, spread evenly over texts. */
const fractionOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32
