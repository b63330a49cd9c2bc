import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpCheck } from '../../../contract/config.ts'
import type { Check } from '../../domain/check.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { durationMs } from '../hooks/run-hook.ts'
import type { Tools } from '../tools.ts'
import { parseAnswer, type HttpAnswer } from './http-answer.ts'

/** Where a check can be asked from: an image that is here, and the network of the service. */
export interface HttpPlace {
  /** Tried in order, until one has a shell and a program that opens a connection. */
  readonly images: readonly string[]
  readonly network: string
}

const usualTimeout = '30s'
const askEveryMs = 500
const mostBytes = 1024 * 1024

/**
 * Asks a service over HTTP, from a container of its own in the service's network, as another service would: nothing is published, and
 * nothing in the service's own container takes part. It is asked again until the answer is right, or the time is over.
 */
export async function askHttp(check: HttpCheck, place: HttpPlace, tools: Tools, run: Run): Promise<Check> {
  const deadline = performance.now() + durationMs(check.timeout ?? usualTimeout)
  for (;;) {
    const found = await askOnce(check, place, tools, within(run, deadline))
      .then(answer => compare(check, answer))
      .catch((error: unknown) => {
        run.signal.throwIfAborted()
        if (!(error instanceof RecoveryError)) throw error
        return { ok: false, detail: messageOf(error) }
      })
    if (found.ok || performance.now() > deadline) return { what: check.name, ...found }
    await sleep(askEveryMs, undefined, { signal: run.signal })
  }
}

const within = (run: Run, deadline: number): Run => ({
  clock: run.clock,
  report: event => run.report(event),
  signal: AbortSignal.any([run.signal, AbortSignal.timeout(Math.max(1000, Math.ceil(deadline - performance.now())))]),
})

function compare(check: HttpCheck, { status, body }: HttpAnswer): Pick<Check, 'ok' | 'detail'> {
  const wanted = check.status ?? 200
  if (status !== wanted) return { ok: false, detail: `status ${status}, should be ${wanted}` }
  if (check.contains === undefined || body.includes(check.contains)) return { ok: true, detail: `status ${status}` }
  return { ok: false, detail: `status ${status}, and the answer does not contain "${check.contains}"` }
}

async function askOnce(
  check: HttpCheck,
  { images, network }: HttpPlace,
  { engine }: Tools,
  run: Run,
): Promise<HttpAnswer> {
  for (const image of images) {
    const spec = {
      ...{ image, network, entrypoint: 'sh', env: { REQUEST: requestOf(check) } },
      command: ['-c', script, 'sh', check.service, String(check.port), String(mostBytes)],
    }
    const said = await engine.runOnce(spec, run).catch((error: unknown) => {
      run.signal.throwIfAborted()
      // Without a shell; the next one may have one.
      if (error instanceof RecoveryError && error.code === 'tool-failed') return unable
      throw error
    })
    if (said.trim() === 'refused') throw new RecoveryError('verification-failed', 'nothing answers there')
    if (said !== unable && said.trim() !== unable) return parseAnswer(said)
  }
  throw new RecoveryError('tool-missing', 'no image of the project has a program to ask over HTTP with')
}

const unable = 'unable'

// HTTP/1.0: the answer ends with the connection, and comes in one piece.
const requestOf = ({ service, port, path = '/', headers = {} }: HttpCheck): string =>
  [
    `GET ${path} HTTP/1.0`,
    `Host: ${service}:${port}`,
    'Connection: close',
    'Accept: */*',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ].join('\r\n')

// Whatever the image has that can open a connection.
const script = `
if command -v bash >/dev/null 2>&1; then
  bash -c 'exec 3<>"/dev/tcp/$1/$2" || { echo refused; exit; }
    printf %s "$REQUEST" >&3; head -c "$3" <&3' bash "$1" "$2" "$3" 2>/dev/null
elif command -v nc >/dev/null 2>&1; then
  printf %s "$REQUEST" | nc "$1" "$2" 2>/dev/null | head -c "$3" || echo refused
elif command -v node >/dev/null 2>&1; then
  node -e 'require("net").connect(process.argv[2], process.argv[1], function () { this.write(process.env.REQUEST) })
    .on("error", () => console.log("refused")).pipe(process.stdout)' "$1" "$2"
elif command -v perl >/dev/null 2>&1; then
  perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("$ARGV[0]:$ARGV[1]") or print("refused"), exit;
    print $s $ENV{REQUEST}; print while <$s>' "$1" "$2"
else echo unable
fi`
