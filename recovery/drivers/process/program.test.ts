import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProgram } from './program.ts'
import { runProgram } from './run-program.ts'

let folder: string
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'program-'))))
afterAll(() => rm(folder, { recursive: true }))

const sh = (script: string) => ({ command: 'sh', args: ['-c', script] })

/** Whether a process is there and not a zombie. */
async function lives(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return !/\) Z /.test(stat)
  } catch {
    return false
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 10))
}

describe('a program', () => {
  it('gives its output and what it said on stderr', async () => {
    const { stdout, stderr } = await runProgram(sh('echo out; echo said >&2'))
    expect([stdout.toString(), stderr]).toEqual(['out\n', 'said\n'])
  })

  it.each([1, 60_000])('keeps what it wrote (%i bytes) for who begins to read after its end', async length => {
    const read = async (how: 'iterated' | 'flowing' | 'piped') => {
      const { stdout, finished, stdin } = startProgram(sh(`head -c ${length} /dev/zero`))
      stdin.end()
      await finished
      // Node looks after what is unread once all that waits now has run.
      await new Promise(resolve => setTimeout(resolve, 20))
      if (how === 'iterated') return (await buffer(stdout)).length
      let bytes = 0
      const count = (piece: Buffer) => void (bytes += piece.length)
      if (how === 'flowing') await once(stdout.on('data', count), 'end')
      else await pipeline(stdout, new PassThrough().on('data', count))
      return bytes
    }
    expect([await read('iterated'), await read('flowing'), await read('piped')]).toEqual([length, length, length])
  })

  it('gets its input byte for byte and gives it back', async () => {
    const bytes = Buffer.alloc(3_000_000, 0).map((_, at) => at % 251)
    const { stdout } = await runProgram({ command: 'cat', args: [] }, { input: bytes })
    expect(stdout.equals(bytes)).toBe(true)
  })

  it('that is not there is missing, with a hint how to get it', async () => {
    await expect(runProgram({ command: 'no-such-program', args: [] })).rejects.toMatchObject({ code: 'tool-missing' })
    const call = { command: 'pg_dump', args: [], env: { PATH: '/nowhere' } }
    await expect(runProgram(call)).rejects.toMatchObject({
      code: 'tool-missing',
      message: 'pg_dump was not found',
      hint: expect.stringContaining('postgresql-client'),
    })
  })

  it('is not called missing when only the folder to run it in is', async () => {
    const call = { ...sh('true'), cwd: '/no/such/folder' }
    await expect(runProgram(call)).rejects.toMatchObject({
      code: 'tool-failed',
      message: expect.stringMatching(/no such folder/),
    })
  })

  it('that fails tells its exit code and the end of stderr', async () => {
    const failing = runProgram(sh('i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done >&2; exit 7'))
    await expect(failing).rejects.toMatchObject({
      code: 'tool-failed',
      exitCode: 7,
      message: expect.stringMatching(/exit code 7: …[^]*line 2999$/),
    })
    await expect(failing.catch((error: Error) => error.message)).resolves.not.toContain('line 1\n')
  })

  it('that a signal ended has failed', async () => {
    await expect(runProgram(sh('kill -KILL $$'))).rejects.toMatchObject({
      code: 'tool-failed',
      message: expect.stringMatching(/SIGKILL/),
    })
  })

  it('that fails never shows a secret, however it prints it', async () => {
    const secret = 'p"w/ d%ä'
    const call = {
      ...sh('printf "%s\\n" "$A" "$PGPASSWORD" \'p\\"w/ d%ä\' p%22w%2F%20d%25%C3%A4 >&2; exit 1'),
      env: { A: secret, PGPASSWORD: 'other' },
      secrets: [secret],
    }
    const error = await runProgram(call).catch((reason: Error) => reason)
    expect((error as Error).message).toBe('sh failed with exit code 1: ***\n***\n***\n***')
  })

  it('whose input breaks off fails with the reason of the input and is ended', async () => {
    const broken = (async function* () {
      yield Buffer.from('some')
      throw new Error('the source broke')
    })()
    await expect(runProgram({ command: 'cat', args: [] }, { input: broken })).rejects.toThrow('the source broke')
  })

  it('that did not read all of its input has failed even with exit code 0', async () => {
    const endless = (async function* () {
      for (;;) yield Buffer.alloc(65536)
    })()
    await expect(runProgram(sh('head -c 10 >/dev/null'), { input: endless })).rejects.toMatchObject({
      code: 'tool-failed',
      message: expect.stringMatching(/before it had read all/),
    })
    await expect(runProgram({ command: 'true', args: [] })).resolves.toBeDefined()
  })

  it('that prints more than can be held is ended', async () => {
    await expect(runProgram({ command: 'cat', args: ['/dev/zero'] }, { maxBytes: 1e6 })).rejects.toThrow(/printed more/)
  })

  it('can be awaited by one who never reads its output', async () => {
    await startProgram(sh('echo unread')).finished
  })

  it('gets variables added and removed', async () => {
    process.env.AIDV_TEST_GONE = 'here'
    const call = { ...sh('echo "$ADDED-${AIDV_TEST_GONE-none}"'), env: { ADDED: 'yes', AIDV_TEST_GONE: undefined } }
    expect((await runProgram(call)).stdout.toString()).toBe('yes-none\n')
  })

  it('waits when nobody reads: memory stays flat', async () => {
    const program = startProgram({ command: 'cat', args: ['/dev/zero'] })
    let taken = 0
    for await (const chunk of program.stdout) {
      taken += (chunk as Buffer).length
      if (taken > 50e6) break
      expect(program.stdout.readableLength).toBeLessThan(1e6)
    }
    await program.stop()
    await expect(program.finished).rejects.toMatchObject({ code: 'interrupted' })
  })
})

describe('an interrupted program', () => {
  it('is ended with everything it started', async () => {
    const controller = new AbortController()
    const program = startProgram({ ...sh('sleep 1000 & echo $!; wait'), signal: controller.signal })
    const [line] = (await program.stdout.iterator({ destroyOnReturn: false }).next()).value.toString().split('\n')
    expect(await lives(Number(line))).toBe(true)
    controller.abort()
    await expect(program.finished).rejects.toMatchObject({ code: 'interrupted' })
    await until(async () => !(await lives(Number(line))))
  })

  it('counts as interrupted even when it ends well on the signal', async () => {
    const controller = new AbortController()
    const program = startProgram({
      ...sh('trap "exit 0" TERM; echo ready; while :; do sleep 0.01; done'),
      signal: controller.signal,
    })
    program.stdout.once('data', () => controller.abort())
    await expect(program.finished).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('never starts when the run was over before', async () => {
    const file = path.join(folder, 'mark')
    const call = { command: 'touch', args: [file], signal: AbortSignal.abort() }
    await expect(runProgram(call)).rejects.toMatchObject({ code: 'interrupted' })
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('ends when the process that started it exits', async () => {
    const script = `
      import { startProgram } from ${JSON.stringify(path.join(import.meta.dirname, 'program.ts'))}
      console.log(startProgram({ command: 'sleep', args: ['1000'] }).pid)
      process.exit(0)`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { cwd: folder })
    const chunks: Buffer[] = []
    child.stdout.on('data', chunk => chunks.push(chunk as Buffer))
    await new Promise(resolve => child.once('close', resolve))
    const pid = Number(Buffer.concat(chunks).toString())
    expect(pid).toBeGreaterThan(1)
    await until(async () => !(await lives(pid)))
  })
})
