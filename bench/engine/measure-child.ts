import { spawn } from 'node:child_process'
import koffi from 'koffi'
import type { Command, Measured } from './measure.ts'

// node bench/engine/measure-child.ts COMMAND: runs one program, and prints what the kernel says it took. It is a process of
// its own, as the kernel adds up all children of a process and keeps the largest.

const { argv, cwd, stdin } = JSON.parse(process.argv[2]!) as Command
const [program, ...args] = stdin ? ['sh', '-c', 'cat "$0" | exec "$@"', stdin, ...argv] : argv
const began = performance.now()
const child = spawn(program!, args, { ...(cwd && { cwd }), stdio: ['ignore', 'pipe', 'pipe'] })
const said: Buffer[] = []
for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => said.push(bytes))
const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
const seconds = (performance.now() - began) / 1000
if (code !== 0) {
  console.error(`${argv.join(' ')}: exit code ${code}\n${Buffer.concat(said).toString().slice(-4000)}`)
  process.exit(1)
}
console.log(JSON.stringify({ seconds, ...ofChildren() } satisfies Measured))

/** struct rusage of Linux, 64 bit: two struct timeval, then the peak in KiB. It is at least that of this process. */
function ofChildren(): Omit<Measured, 'seconds'> {
  const usage = Buffer.alloc(256)
  const children = -1
  const getrusage = koffi.load(null).func('getrusage', 'int', ['int', 'void *'])
  if (getrusage(children, usage) !== 0) throw new Error('getrusage failed')
  const time = (at: number) => Number(usage.readBigInt64LE(at)) + Number(usage.readBigInt64LE(at + 8)) / 1e6
  return { cpuSeconds: time(0) + time(16), peakBytes: Number(usage.readBigInt64LE(32)) * 1024 }
}
