import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { Progress } from './progress.ts'

/** A terminal's end, and what was written to it so far, without what moves and colours. */
function terminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 120 })
  let text = ''
  stream.on('data', (piece: Buffer) => (text += piece.toString()))
  const said = () => stripVTControlCharacters(text)
  return { progress: new Progress(stream), stream, said, forget: () => (text = '') }
}

/** What is written from now on, once it has all of these words. */
async function shows({ said, forget }: ReturnType<typeof terminal>, ...words: string[]): Promise<string> {
  forget()
  await vi.waitFor(() => words.forEach(word => expect(said()).toContain(word)), { timeout: 10_000, interval: 20 })
  return said()
}

describe('the progress on a terminal', () => {
  it('has a line for each step that runs beside others, with what each has done', async () => {
    const seen = terminal()
    const { progress } = seen
    progress.started('databases of db', undefined, undefined)
    progress.started('database db/app', 'databases of db', undefined)
    progress.started('volume uploads', undefined, 1000)
    progress.moved('database db/app', 2048, 0)
    progress.moved('volume uploads', 500, 3)
    progress.moved('upload', 10, 0)
    const shown = await shows(seen, '… database db/app 2.0 KiB (', '51% volume uploads 510 B, 3 files (')
    expect(shown).not.toContain('databases of db')
    progress.ended('volume uploads')
    expect(await shows(seen, 'database db/app')).not.toContain('volume uploads')
    progress.ended('database db/app')
    await shows(seen, '… databases of db (')
    progress.clear()
  })

  it('makes room for what is said meanwhile, and comes back with what it had counted', async () => {
    const seen = terminal()
    const { progress, stream } = seen
    progress.started('code', undefined, undefined)
    progress.moved('code', 1024, 1)
    progress.aside(() => void stream.write('warning: look\n'))
    const shown = await shows(seen, 'code 1.0 KiB, 1 file (')
    expect(shown).not.toContain('look')
    progress.clear()
  })

  it('keeps quiet while somebody is asked something, and after the end', () => {
    vi.useFakeTimers()
    const seen = terminal()
    const { progress } = seen
    progress.started('repair', undefined, undefined)
    vi.advanceTimersByTime(1000)
    expect(seen.said()).toContain('repair')
    progress.clear()
    seen.forget()
    progress.moved('repair', 1, 1)
    progress.aside(() => {})
    progress.ended('repair')
    vi.advanceTimersByTime(1000)
    expect(seen.said()).not.toContain('repair')
    vi.useRealTimers()
  })
})
