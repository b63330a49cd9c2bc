import { isatty } from 'node:tty'
import { CommanderError } from 'commander'
import { composeCli, dockerCli } from '../recovery/drivers/docker/index.ts'
import { threadsLoaded } from '../vault/index.ts'
import { failureOf } from './failure.ts'
import { buildProgram } from './program.ts'
import { Terminal } from './terminal.ts'

// The one file of this face that wires the rooms: real Docker, real Compose, and the signals of the terminal.

const stopping = new AbortController()
let terminal = new Terminal(
  { json: process.argv.includes('--json'), quiet: false, verbose: false, color: Boolean(process.stderr.isTTY) },
  stopping.signal,
)

async function exit(code: number): Promise<never> {
  await threadsLoaded()
  process.exit(code)
}

/** The first signal ends the run in order; a second one ends the process at once. */
function stop(): void {
  if (stopping.signal.aborted) return void exit(130)
  terminal.say('stopping…')
  stopping.abort()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)

// A closed terminal sends SIGHUP. So does restic, to see whether a lock's owner lives: then the terminal is still one.
const terminals = [0, 1, 2].filter(isatty)
const hasHungUp = () => terminals.some(descriptor => !isatty(descriptor))
process.on('SIGHUP', () => {
  if (hasHungUp()) stop()
})
// Nobody is there to read any more; the run ends in order none the less. Anything else is a result that got lost.
const isGone = ({ code }: NodeJS.ErrnoException) => code === 'EPIPE' || code === 'EIO'
process.stderr.on('error', () => {})
process.stdout.on('error', error => {
  if (!isGone(error)) fail(error)
})
process.stdin.on('error', () => {})

const interruption = () => new DOMException('interrupted', 'AbortError')

let failed = false

function fail(error: unknown): void {
  // What fails because something else has failed says nothing new.
  if (failed) return
  failed = true
  terminal.clear()
  const failure = failureOf(error)
  const { code, exitCode, message, hint } = failure
  if (terminal.options.json) process.stdout.write(`${JSON.stringify({ error: { code, exitCode, message, hint } })}\n`)
  process.stderr.write(`${terminal.style('red', 'error:')} ${message}\n`)
  if (hint) process.stderr.write(`${terminal.style('cyan', 'hint:')} ${hint}\n`)
  if (failure.code === 'unexpected' && error instanceof Error && (terminal.options.verbose || !hint))
    process.stderr.write(`${error.stack ?? ''}\n`)
  void exit(exitCode)
}

// A mistake of ours, and no reason to end without a word of what it was about.
process.on('unhandledRejection', fail)
// A question at a terminal that was closed ends so too, as its mode cannot be set back.
process.on('uncaughtException', error => fail(hasHungUp() ? interruption() : error))

// A question whose input ended (Ctrl-D) is never answered, and nothing else is left to wait for.
process.on('beforeExit', () => {
  if (process.stderr.isTTY) process.stderr.write('\x1b[?25h\n') // the question hid the cursor
  fail(interruption())
})

const program = buildProgram(
  { engine: dockerCli(), compose: composeCli() },
  stopping.signal,
  started => (terminal = started),
)
try {
  await program.parseAsync()
  process.removeAllListeners('beforeExit')
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  fail(error)
}
