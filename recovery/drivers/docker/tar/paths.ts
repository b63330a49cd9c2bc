import { damaged } from './damage.ts'

const slash = 0x2f

/** Steps of a path without empty ones and '.'; '..' is refused: it would lead out of the folder that is filled. */
function stepsOf(path: Uint8Array): Uint8Array[] {
  const steps: Uint8Array[] = []
  for (let at = 0; at <= path.length;) {
    const next = path.indexOf(slash, at)
    const end = next < 0 ? path.length : next
    const step = path.subarray(at, end)
    if (isText(step, '..')) throw damaged("has a path with '..' in it")
    if (step.length > 0 && !isText(step, '.')) steps.push(step)
    at = end + 1
  }
  return steps
}

const isText = (bytes: Uint8Array, text: string): boolean => Buffer.from(text).equals(bytes)

/** As FileEntry has it: relative, no slash at either end, '' for the top folder. */
export function plainPath(path: Uint8Array): Uint8Array {
  const steps = stepsOf(path)
  return steps.length === 1
    ? Buffer.from(steps[0]!)
    : Buffer.concat(steps.flatMap((step, index) => (index === 0 ? [step] : [Buffer.from('/'), step])))
}

/** Whether `path` is `top` or lies in it; both plain. */
export const isWithin = (path: Uint8Array, top: Uint8Array): boolean =>
  top.length === 0 ||
  (Buffer.from(top).equals(path.subarray(0, top.length)) && (path.length === top.length || path[top.length] === slash))

/** `path` seen from its first step: 'data/a/b' is 'a/b', 'data' is ''. */
export function withoutTop(path: Uint8Array): Uint8Array {
  const at = path.indexOf(slash)
  return at < 0 ? new Uint8Array(0) : path.subarray(at + 1)
}
