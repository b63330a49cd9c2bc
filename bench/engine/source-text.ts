import { randomFrom } from './random.ts'

// Lines like those of programs: few words often, many seldom. zstd makes a good third of such text.
const syllables = 'ta ko re mi sun pa lo ve ri an der is to ge ma ne qui ar el pro in con'.split(' ')
const shapes = [
  'const A = B(C, D)',
  '  if (A.B === C) return D',
  '  for (const A of B) C(D)',
  'export function A(B: C): D {',
  '}',
  '',
  '  // A the B before C is D',
  "import { A, B } from './C.ts'",
  '    A.B(C => C.D)',
]

/** Gives texts of the asked length, like files of a source tree; the same ones in every run. */
export function sourceText(seed: number): (bytes: number) => string {
  const random = randomFrom(seed)
  const pick = <T>(from: readonly T[], skew = 1): T => from[Math.floor(random() ** skew * from.length)]!
  const word = () => Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(syllables)).join('')
  const words = Array.from({ length: 6000 }, word)
  const line = () => pick(shapes).replace(/[ABCD]/g, () => pick(words, 3))
  const lines = Array.from({ length: 50_000 }, line)
  return bytes => {
    const text: string[] = []
    for (let length = 0; length < bytes; length += text.at(-1)!.length + 1) text.push(pick(lines))
    return text.join('\n').slice(0, bytes)
  }
}
