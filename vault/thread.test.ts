import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const program = new URL('./testing/end-threads.ts', import.meta.url).pathname

function run(...words: string[]) {
  const { status, signal, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' })
  return { status, signal, stderr }
}

describe('threads', () => {
  it('can be ended at any moment, also while they load the native library', () => {
    expect(run('end', '40', '0')).toEqual({ status: 0, signal: null, stderr: '' })
  })

  it.each([0, 30, 60, 90])('do not break the exit of the program that started one %i ms before', after => {
    expect(run('exit', '1', String(after))).toEqual({ status: 7, signal: null, stderr: '' })
  })
})
