import { styleText } from 'node:util'
import type { Run, RunEvent } from '../recovery/domain/run.ts'
import { Progress } from './progress.ts'
import { durationText } from './words.ts'

export interface TerminalOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly color: boolean
}

type Style = Parameters<typeof styleText>[0]

/**
 * What goes where: results to stdout, so that they can be piped; progress, warnings, prompts and errors to stderr.
 * On a terminal the running steps have a line each; elsewhere each finished step is a plain line.
 */
export class Terminal {
  readonly options: TerminalOptions
  /** A person sits there: questions can be asked. */
  readonly interactive: boolean
  /** What the work has warned of so far. */
  readonly warnings: string[] = []
  /** Goes along with every question: it appears beside the progress, and ends when the run does. */
  readonly question: { readonly output: NodeJS.WritableStream; readonly signal: AbortSignal }
  readonly #progress: Progress | undefined

  /** `signal` ends what is asked and run here. */
  constructor(options: TerminalOptions, signal: AbortSignal) {
    this.options = options
    this.question = { output: process.stderr, signal }
    if (process.stderr.isTTY && !options.quiet && !options.json) this.#progress = new Progress(process.stderr)
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

  /** For what is written or asked by others: takes the progress away until something new begins. */
  clear(): void {
    this.#progress?.clear()
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
        return this.#progress?.started(event.step, event.within, event.totalBytes)
      case 'progress':
        return this.#progress?.moved(event.step, event.bytes, event.files)
      case 'step-failed':
        return this.#progress?.ended(event.step)
      case 'step-done':
        return this.#finishStep(event)
    }
  }

  #finishStep({ step, ms, detail }: RunEvent & { kind: 'step-done' }): void {
    this.#progress?.ended(step)
    const mark = this.style('green', '✓')
    this.say(`${mark} ${step}${detail ? `: ${detail}` : ''} ${this.style('dim', `(${durationText(ms)})`)}`)
  }

  #line(text: string): void {
    const write = () => void process.stderr.write(`${text}\n`)
    if (this.#progress) this.#progress.aside(write)
    else write()
  }
}
