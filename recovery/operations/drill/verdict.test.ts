import { expect, it } from 'vitest'
import { RecoveryError } from '../../domain/errors.ts'
import { ChecksFailed } from '../recover/workshop.ts'
import { Ledger } from './ledger.ts'
import { judge } from './verdict.ts'

const run = { signal: new AbortController().signal, clock: { now: () => new Date() }, report: () => {} }
const good = { what: 'rows', ok: true, detail: '7 rows' }
const bad = { what: 'rows', ok: false, detail: '7 rows, had 8' }

/** A ledger whose one recovery step ended with this. */
async function endedWith(error: unknown): Promise<Ledger> {
  const ledger = new Ledger(run)
  await ledger.recover('databases of db', 2, () => Promise.reject(error as Error)).catch(() => {})
  return ledger
}

it('is proved only when everything was looked at and nothing was wrong', async () => {
  const ledger = new Ledger(run)
  await ledger.recover('code', 2, () => Promise.resolve([good]))
  await ledger.look('health', 3, () => Promise.resolve([good]))
  expect(judge(undefined, ledger, true)).toEqual({ verdict: 'proved', reason: null })
  await ledger.look('questions', 3, () => Promise.resolve([bad]))
  expect(judge(undefined, ledger, true)).toMatchObject({
    verdict: 'failed',
    reason: { level: 3, message: 'rows: 7 rows, had 8' },
  })
})

it('tells the level of what failed', async () => {
  const failed = new ChecksFailed('databases of db: 1 of 1 checks failed', [bad])
  expect(judge(failed, await endedWith(failed), true)).toMatchObject({
    verdict: 'failed',
    reason: { level: 2, step: 'databases of db', message: 'rows: 7 rows, had 8' },
  })
  const broken = new RecoveryError('restore-failed', 'pg_restore: could not read')
  expect(judge(broken, await endedWith(broken), true)).toMatchObject({ verdict: 'failed', reason: { level: 2 } })
})

it.each([
  ['an image that is not here', new RecoveryError('image-unavailable', 'it is not here'), true],
  ['an engine that went away', new RecoveryError('tool-failed', 'docker failed'), false],
  ['a full disk', new RecoveryError('tool-failed', 'tar: write error: No space left on device'), true],
  ['no room for a network', new RecoveryError('tool-failed', 'could not find an available address pool'), true],
  ['a mistake of this program', new TypeError('undefined is not a function'), true],
  ['a vault that cannot be reached', Object.assign(new Error('timeout'), { code: 'storage-failed' }), true],
])('does not blame the point for %s', async (_, error, engineAnswers) => {
  expect(judge(error, await endedWith(error), engineAnswers)).toMatchObject({
    verdict: 'error',
    reason: { level: null, step: 'databases of db' },
  })
})

it('does not blame the point for what came before it was looked at', () => {
  const error = new RecoveryError('tool-failed', 'docker volume create failed')
  expect(judge(error, new Ledger(run), true)).toMatchObject({ verdict: 'error', reason: { level: null } })
})

it('keeps no more of what a program said than its first lines', async () => {
  const error = new RecoveryError('database-unreachable', ['it did not start:', ...Array(40).fill('LOG: …')].join('\n'))
  expect(judge(error, await endedWith(error), true).reason?.message.split('\n')).toHaveLength(3)
})
