// Words as numbers below 2048 are the elements of GF(2^11), reduced by x^11 + x^2 + 1, in which x is primitive: a Reed-Solomon code with two
// check words. The sum of all words is 0, and so is the sum of each word times x to the power of its place. One wrong word, whichever
// and wherever, changes the first sum by what is wrong with it and the second by x^place times that, so it can be found; two
// exchanged words leave the first sum at 0 and never the second.

const elements = 2047
const polynomial = 0b1000_0000_0101

// powers[n] is x^n, twice over, so that sums of two exponents need no reduction.
const powers = Array.from({ length: 2 * elements }, () => 1)
for (let n = 1; n < powers.length; n++) {
  const doubled = (powers[n - 1] ?? 0) << 1
  powers[n] = doubled >= 2048 ? doubled ^ polynomial : doubled
}
const exponents = new Map(powers.slice(0, elements).map((value, n) => [value, n]))

const exponent = (value: number): number => exponents.get(value) ?? 0
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : (powers[exponent(a) + exponent(b)] ?? 0))
const dividedBy = (a: number, b: number): number => (a === 0 ? 0 : (powers[exponent(a) + elements - exponent(b)] ?? 0))

const sums = (words: readonly number[]): { sum: number; placed: number } => ({
  sum: words.reduce((total, word) => total ^ word, 0),
  placed: words.reduce((total, word, place) => total ^ times(word, powers[place] ?? 0), 0),
})

/** The words with two more behind them, after which all of them fit together. */
export function withCheckWords(words: readonly number[]): number[] {
  const { sum, placed } = sums(words)
  // a + b = sum and a·x^n + b·x^(n+1) = placed.
  const here = powers[words.length] ?? 0
  const next = powers[words.length + 1] ?? 0
  const b = dividedBy(placed ^ times(sum, here), here ^ next)
  return [...words, sum ^ b, b]
}

/** What is wrong with words of which the last two are check words. */
export type WordFault =
  | { readonly kind: 'none' }
  /** One word, and what would fit in its place: right unless further words are wrong as well. */
  | { readonly kind: 'one'; readonly place: number; readonly fitting: number }
  | { readonly kind: 'several' }

export function findFault(words: readonly number[]): WordFault {
  const { sum, placed } = sums(words)
  if (sum === 0 && placed === 0) return { kind: 'none' }
  if (sum === 0 || placed === 0) return { kind: 'several' }
  const place = (exponent(placed) + elements - exponent(sum)) % elements
  return place < words.length ? { kind: 'one', place, fitting: (words[place] ?? 0) ^ sum } : { kind: 'several' }
}
