import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

// Memory stays flat: the peak of `aidatavault backup` for a volume of 4 GB beside that for one of 400 MB, in one run.
// Run with: node bench/backup-memory.ts [FOLDER]   (needs 9 GB free in FOLDER, the system's temporary one unless told)

const program = path.resolve(import.meta.dirname, '../bin/aidatavault')
const MB = 1_000_000

/** Half of it repeats within a megabyte, half of it is chance; files of 40 MB, as uploads are. */
function makeVolume(folder: string, megabytes: number): void {
  fs.mkdirSync(folder, { recursive: true })
  for (let file = 0; file < megabytes / 40; file++) {
    const handle = fs.openSync(path.join(folder, `file-${file}`), 'wx')
    for (let part = 0; part < 40; part++)
      fs.writeSync(handle, Buffer.concat([randomBytes(MB / 2), Buffer.alloc(MB / 2, `${file}-${part} `)]))
    fs.closeSync(handle)
  }
}

/** The most that a program had in memory, in MB, by the kernel's own high-water mark. */
function peakOf(args: readonly string[], cwd: string): Promise<number> {
  const env = { ...process.env, AIDATAVAULT_PASSWORD: 'bench', XDG_CONFIG_HOME: path.join(cwd, '../config') }
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] })
    let peak = 0
    const look = () => {
      try {
        const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8')
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1000)
      } catch {
        // It has ended.
      }
    }
    const watch = setInterval(look, 20)
    child.on('close', code => {
      clearInterval(watch)
      if (code === 0) resolve(peak)
      else reject(new Error(`aidatavault ${args.join(' ')}: exit code ${code}`))
    })
  })
}

async function measure(top: string, megabytes: number): Promise<{ peak: number; seconds: number }> {
  const folder = path.join(top, `${megabytes}`, 'project')
  makeVolume(path.join(folder, 'data'), megabytes)
  fs.writeFileSync(path.join(folder, 'aidatavault.yml'), 'name: bench\nvolumes:\n  data: {}\n')
  await peakOf(['init', path.join(folder, '../vault'), '--quiet'], folder)
  const started = performance.now()
  const peak = await peakOf(['backup', '--quiet'], folder)
  const seconds = (performance.now() - started) / 1000
  fs.rmSync(path.join(top, `${megabytes}`), { recursive: true })
  return { peak, seconds }
}

const top = fs.mkdtempSync(path.join(process.argv[2] ?? os.tmpdir(), 'aidatavault-bench-'))
try {
  const small = await measure(top, 400)
  const large = await measure(top, 4000)
  for (const [size, { peak, seconds }] of [
    ['400 MB', small],
    ['4 GB', large],
  ] as const)
    console.log(`backup of ${size.padEnd(6)}  peak RSS ${peak.toFixed(0)} MB  ${seconds.toFixed(1)} s`)
  console.log(`ratio of the peaks ${(large.peak / small.peak).toFixed(2)} (to stay below 1.20)`)
} finally {
  fs.rmSync(top, { recursive: true })
}
