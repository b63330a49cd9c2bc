import { CommanderError } from 'commander'
import { composeCli, dockerCli } from '../recovery/drivers/docker/index.ts'
import { failureOf } from './failure.ts'
import { buildProgram } from './program.ts'
import { Terminal } from './terminal.ts'

// The one file of this face that wires the rooms: real Docker, real Compose, and the signals of the terminal.

const stopping = new AbortController()
let terminal = new Terminal({
  json: process.argv.includes('--json'),
  quiet: false,
  verbose: false,
  color: Boolean(process.stderr.isTTY),
})

/** The first signal ends the run in order; a second one ends the process at once. */
function stop(): void {
  if (stopping.signal.aborted) process.exit(130)
  terminal.say('stopping…')
  stopping.abort()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
// restic probes whether a lock's owner lives by sending it a real SIGHUP; a closed terminal sends one too.
process.on('SIGHUP', () => {})

function fail(error: unknown): never {
  terminal.clear()
  const failure = failureOf(error)
  const { code, exitCode, message, hint } = failure
  if (terminal.options.json) process.stdout.write(`${JSON.stringify({ error: { code, exitCode, message, hint } })}\n`)
  process.stderr.write(`${terminal.style('red', 'error:')} ${message}\n`)
  if (hint) process.stderr.write(`${terminal.style('cyan', 'hint:')} ${hint}\n`)
  if (failure.code === 'unexpected' && error instanceof Error && (terminal.options.verbose || !hint))
    process.stderr.write(`${error.stack ?? ''}\n`)
  process.exit(exitCode)
}

// A mistake of ours, and no reason to end without a word of what it was about.
process.on('unhandledRejection', fail)

const program = buildProgram(
  { engine: dockerCli(), compose: composeCli() },
  stopping.signal,
  started => (terminal = started),
)
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  fail(error)
}
