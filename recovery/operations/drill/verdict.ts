import type { ErrorCode } from '../../../contract/exit-codes.ts'
import type { DrillReport } from '../../../contract/drill-report.ts'
import { messageOf } from '../../domain/errors.ts'
import { ChecksFailed } from '../recover/workshop.ts'
import type { Ledger } from './ledger.ts'

export type Judgement = Pick<DrillReport, 'verdict' | 'reason'>

// What says something about the point. Everything else (no engine, a full disk, an image that is not here, a mistake of ours) is
// about the drill: a point must never be called bad because of it, nor good.
const ofThePoint: ReadonlySet<ErrorCode> = new Set([
  ...(['verification-failed', 'restore-failed', 'vault-damaged', 'file-missing', 'target-mismatch'] as const),
  ...(['database-unreachable', 'project-invalid', 'project-not-found', 'tool-failed', 'source-unreadable'] as const),
  ...(['preflight-failed', 'bad-input'] as const),
])

// How programs that we call tell of this machine.
const ofTheMachine =
  /no space left|ENOSPC|EDQUOT|cannot allocate memory|out of memory|address pools?|failed to create (endpoint|network|shim)|too many open files|toomanyrequests|pull access denied|no such image/i

/**
 * What a drill has shown. `error` is what ended it before its end; `engineAnswers` whether the engine was still there afterwards.
 */
export function judge(error: unknown, { checks, stop }: Ledger, engineAnswers: boolean): Judgement {
  const bad = checks.find(({ ok }) => !ok)
  if (error === undefined && !bad) return { verdict: 'proved', reason: null }
  const code = codeOf(error)
  const message = error === undefined ? '' : firstLines(messageOf(error))
  const isPointsFault =
    error === undefined ||
    error instanceof ChecksFailed ||
    (engineAnswers && ofThePoint.has(code) && stop !== undefined && !ofTheMachine.test(messageOf(error)))
  if (!isPointsFault)
    return { verdict: 'error', reason: { level: null, step: stop?.step ?? 'the place for the drill', code, message } }
  if (bad) {
    const text = `${bad.what}: ${bad.detail}`
    return {
      verdict: 'failed',
      reason: { level: bad.level, step: stop?.step ?? 'checks', code: 'verification-failed', message: text },
    }
  }
  return { verdict: 'failed', reason: { level: stop!.level, step: stop!.step, code, message } }
}

const codeOf = (error: unknown): ErrorCode =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? (error.code as ErrorCode) : 'unexpected'

// A server's whole log, or rows that it quotes, have no place in a report that is kept for years.
const firstLines = (text: string): string => text.split('\n').slice(0, 3).join('\n').slice(0, 1000)
