import { spawn } from 'node:child_process'

/** How a program ended, with everything it said. */
export interface Ended {
  readonly code: number | null
  /** Raw: names and contents in here need not be UTF-8. */
  readonly output: Buffer
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string | Buffer
}

/** Runs a program to its end, however that is. Rejects only when it cannot be started. */
export function run(argv: readonly string[], { cwd, env, input }: RunOptions = {}): Promise<Ended> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' })
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => output.push(piece))
  child.stderr.on('data', (piece: Buffer) => errors.push(piece))
  child.stdin.on('error', () => {}) // it may end without having read everything
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(ended(code, Buffer.concat(output), Buffer.concat(errors))))
  })
}

const ended = (code: number | null, output: Buffer, errors: Buffer): Ended => ({
  code,
  output,
  stdout: output.toString('utf8'),
  stderr: errors.toString('utf8'),
})

/** Runs a program that has to succeed; its output is in the error when it does not. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const result = await run(argv, options)
  if (result.code === 0) return result
  throw new Error(`${argv.join(' ').slice(0, 300)}: exit ${result.code}\n${result.stdout}\n${result.stderr}`)
}
