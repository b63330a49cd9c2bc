import { MultiBar, type GenericFormatter, type SingleBar } from 'cli-progress'
import { durationText, plural, sizeText } from './words.ts'

interface RunningStep {
  readonly step: string
  readonly within: string | undefined
  readonly since: number
  /** In bytes, where it is known. */
  readonly total: number | undefined
  bytes: number
  files: number
  bar?: SingleBar | undefined
}

/** What is on its way, at the end of a terminal: one line for each step that runs, but for those that wait for a part of theirs. */
export class Progress {
  readonly #stream: NodeJS.WritableStream
  #running: readonly RunningStep[] = []
  #bars: MultiBar | undefined
  #hidden = false

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream
  }

  started(step: string, within: string | undefined, total: number | undefined): void {
    this.#running = [...this.#running, { step, within, total, since: performance.now(), bytes: 0, files: 0 }]
    this.#hidden = false
    this.#redraw()
  }

  /**
   * What is told under a name that no step has is of files that threads read: it counts for the step that began last and is no part
   * of another, as the dump of a database is.
   */
  moved(step: string, bytes: number, files: number): void {
    const shown = this.#shown()
    const moved =
      shown.findLast(running => running.step === step) ??
      shown.findLast(({ within }) => within === undefined) ??
      shown.at(-1)
    if (!moved) return
    moved.bytes += bytes
    moved.files += files
    moved.bar?.update(Math.min(moved.bytes, moved.total ?? 0))
  }

  ended(step: string): void {
    const ended = this.#running.findLast(running => running.step === step)
    this.#running = this.#running.filter(running => running !== ended)
    this.#redraw()
  }

  /** Takes the lines away while something else is written, and brings them back below it. */
  aside(write: () => void): void {
    this.#remove()
    write()
    this.#redraw()
  }

  /** Takes the lines away until the next step begins: somebody is asked something, or all is said. */
  clear(): void {
    this.#hidden = true
    this.#remove()
  }

  #shown(): readonly RunningStep[] {
    return this.#running.filter(({ step }) => !this.#running.some(({ within }) => within === step))
  }

  #redraw(): void {
    this.#remove()
    const shown = this.#shown()
    if (this.#hidden || shown.length === 0) return
    this.#bars = new MultiBar({
      ...{ stream: this.#stream, format: lineOf, fps: 10, hideCursor: true },
      ...{ clearOnComplete: true, forceRedraw: true, linewrap: false },
    })
    for (const running of shown)
      running.bar = this.#bars.create(running.total || 1, Math.min(running.bytes, running.total ?? 0), running)
  }

  #remove(): void {
    this.#bars?.stop()
    this.#bars = undefined
    for (const running of this.#running) running.bar = undefined
  }
}

const barLength = 20

const lineOf: GenericFormatter = (_options, { progress }, { step, total, bytes, files, since }: RunningStep) => {
  const share = total ? `${barOf(progress)} ${Math.floor(progress * 100)}%` : '…'
  const counted = bytes + files === 0 ? '' : ` ${sizeText(bytes)}${files > 0 ? `, ${plural(files, 'file')}` : ''}`
  return `${share} ${step}${counted} (${durationText(performance.now() - since)})`
}

const barOf = (progress: number): string => '█'.repeat(Math.round(progress * barLength)).padEnd(barLength, '░')
