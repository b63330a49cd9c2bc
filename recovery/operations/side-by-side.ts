import type { Run } from '../domain/run.ts'

/**
 * Does two things at a time: `second` from when `first` calls `begin`, or else has ended. Where one of them fails `failed` is told
 * why, and the other is stopped; rejects with what failed first, when nothing of either goes on any more.
 */
export async function sideBySide<A, B>(
  run: Run,
  first: (run: Run, begin: () => void) => Promise<A>,
  second: (run: Run) => Promise<B>,
  failed: (reason: unknown) => void = () => {},
): Promise<[A, B]> {
  const stopping = new AbortController()
  const signal = AbortSignal.any([run.signal, stopping.signal])
  const own: Run = { ...run, report: event => run.report(event), signal }
  let failure: { readonly error: unknown } | undefined
  const fail = (error: unknown): never => {
    if (!failure) failed(error)
    failure ??= { error }
    stopping.abort()
    throw error
  }
  let other: Promise<B> | undefined
  const begin = () => {
    if (failure) return
    other ??= second(own).catch(fail)
    other.catch(() => {})
  }
  const one = first(own, begin).catch(fail)
  await one.then(begin, () => {})
  await Promise.allSettled([other])
  if (failure) throw failure.error
  return [await one, await other!]
}
