import { styleText } from 'node:util'
import { MultiBar, type SingleBar } from 'cli-progress'
import type { Run, RunEvent } from '../recovery/domain/run.ts'
import { durationText, plural, sizeText } from './words.ts'

export interface TerminalOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly color: boolean
}

const line = '{step} {amount} ({duration_formatted})'

type Style = Parameters<typeof styleText>[0]

/**
 * What goes where: results to stdout, so that they can be piped; progress, warnings, prompts and errors to stderr.
 * On a terminal the running step has a bar; elsewhere each finished step is a plain line.
 */
export class Terminal {
  readonly options: TerminalOptions
  /** A person sits there: questions can be asked. */
  readonly interactive: boolean
  /** What the work has warned of so far. */
  readonly warnings: string[] = []
  /** Goes along with every question: it appears beside the progress, and ends when the run does. */
  readonly question: { readonly output: NodeJS.WritableStream; readonly signal: AbortSignal }
  #bars: MultiBar | undefined
  #bar: { step: string; bar: SingleBar; total: number; bytes: number; files: number } | undefined

  /** `signal` ends what is asked and run here. */
  constructor(options: TerminalOptions, signal: AbortSignal) {
    this.options = options
    this.question = { output: process.stderr, signal }
    this.interactive = Boolean(process.stdin.isTTY && process.stderr.isTTY) && !options.json
  }

  /** One result; the text for people or the value for programs. */
  result(text: string, value: unknown): void {
    this.clear()
    process.stdout.write(`${this.options.json ? JSON.stringify(value) : text}\n`)
  }

  say(text: string): void {
    if (!this.options.quiet && !this.options.json) this.#line(text)
  }

  warn(text: string): void {
    this.#line(`${this.style('yellow', 'warning:')} ${text}`)
  }

  style(style: Style, text: string): string {
    return this.options.color ? styleText(style, text, { validateStream: false }) : text
  }

  /** A run that shows its progress here. */
  run(): Run {
    return { signal: this.question.signal, clock: { now: () => new Date() }, report: event => this.#report(event) }
  }

  clear(): void {
    this.#bars?.stop()
    this.#bars = undefined
    this.#bar = undefined
  }

  #report(event: RunEvent): void {
    switch (event.kind) {
      case 'warning':
        this.warnings.push(event.text)
        return this.warn(event.text)
      case 'note':
        return this.say(`  ${event.text}`)
      case 'output':
        return this.options.verbose ? this.say(`  | ${event.text}`) : undefined
      case 'step-started':
        return this.#startBar(event.step, event.totalBytes)
      case 'progress':
        return this.#moveBar(event.bytes, event.files)
      case 'step-done':
        return this.#finishStep(event)
    }
  }

  #finishStep({ step, ms, detail }: RunEvent & { kind: 'step-done' }): void {
    this.clear()
    const mark = this.style('green', '✓')
    this.say(`${mark} ${step}${detail ? `: ${detail}` : ''} ${this.style('dim', `(${durationText(ms)})`)}`)
  }

  #startBar(step: string, totalBytes: number | undefined): void {
    this.clear()
    if (!process.stderr.isTTY || this.options.quiet || this.options.json) return
    this.#bars = new MultiBar({
      stream: process.stderr,
      format: totalBytes ? `{bar} {percentage}% ${line}` : `… ${line}`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 20,
      hideCursor: true,
      clearOnComplete: true,
      forceRedraw: true,
      linewrap: false,
      fps: 10,
    })
    const bar = this.#bars.create(totalBytes || 1, 0, { step, amount: '' })
    this.#bar = { step, bar, total: totalBytes ?? 0, bytes: 0, files: 0 }
  }

  #moveBar(bytes: number, files: number): void {
    const moved = this.#bar
    if (!moved) return
    moved.bytes += bytes
    moved.files += files
    const counted = moved.files > 0 ? `, ${plural(moved.files, 'file')}` : ''
    moved.bar.update(Math.min(moved.bytes, moved.total), {
      step: moved.step,
      amount: `${sizeText(moved.bytes)}${counted}`,
    })
  }

  #line(text: string): void {
    this.clear()
    process.stderr.write(`${text}\n`)
  }
}
