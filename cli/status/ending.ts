import { exitCodes, type ErrorCode } from '../../contract/exit-codes.ts'
import type { Status } from '../../recovery/operations/index.ts'

/** How `status` ends, for scripts: 0 where nothing is red. */
export interface Ending {
  readonly code: ErrorCode | null
  readonly exitCode: number
}

const endingOf = (code: ErrorCode): Ending => ({ code, exitCode: exitCodes[code] })

const isCode = (text: string): text is ErrorCode => Object.hasOwn(exitCodes, text)

/** What weighs most: no vault can be looked into, then what no point has, then the vaults, then what is overdue. */
export function endingFor({
  sources,
  gaps,
  vaults,
  proof,
  routine,
  readFrom,
  interrupted,
  unreadable,
}: Status): Ending {
  const isRed = ({ light }: { readonly light: string }) => light === 'red'
  const [first] = vaults
  if (first && readFrom === null) return endingOf(first.code && isCode(first.code) ? first.code : 'storage-failed')
  if (gaps.some(isRed)) return endingOf('project-not-found')
  if (sources.some(isRed) || interrupted.length > 0) return endingOf('at-risk')
  if (vaults.some(isRed) || unreadable.length > 0) return endingOf('vault-unwell')
  return [proof, routine].some(one => one && isRed(one)) ? endingOf('routine-behind') : { code: null, exitCode: 0 }
}
