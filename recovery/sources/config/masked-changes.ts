import { parseEnvFile } from '../../project/index.ts'

/** One key of an env file that differs. Holds no value. */
export interface KeyChange {
  readonly key: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Of the value afterwards; of the one that goes where it is removed. Characters. */
  readonly length: number
}

/** How an env file would change, key by key, without saying any value. undefined: there is none. */
export function keyChanges(now: string | undefined, then: string | undefined): KeyChange[] {
  const [before, after] = [parseEnvFile(now ?? ''), parseEnvFile(then ?? '')]
  const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])]
  return keys.flatMap((key): KeyChange[] => {
    const [old, value] = [valueOf(before, key), valueOf(after, key)]
    if (old === value) return []
    if (value === undefined) return [{ key, change: 'removed', length: old!.length }]
    return [{ key, change: old === undefined ? 'added' : 'changed', length: value.length }]
  })
}

const valueOf = (variables: Readonly<Record<string, string>>, key: string) =>
  Object.hasOwn(variables, key) ? variables[key] : undefined

/** For people: 'changed (••••, 32 characters)'. */
export const maskedText = ({ change, length }: KeyChange): string =>
  length === 0 ? `${change} (empty)` : `${change} (••••, ${length} ${length === 1 ? 'character' : 'characters'})`
