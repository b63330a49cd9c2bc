import { wordlist } from '@scure/bip39/wordlists/english.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withCheckWords } from './check-words.ts'
import { codeOfValue, parseRecoveryCode } from './recovery-code.ts'
import { readRecoveryWords, recoveryWordCount, recoveryWords } from './recovery-words.ts'

const codes = fc.bigInt({ min: 0n, max: (1n << 135n) - 1n }).map(codeOfValue)
const place = fc.nat(recoveryWordCount - 1)
const exchanged = (words: readonly string[], at: number, word: string) => words.with(at, word)

describe('the words of a recovery code', () => {
  it('are the code again, however they are typed', () => {
    fc.assert(
      fc.property(codes, code => {
        const words = recoveryWords(code)
        expect(words).toHaveLength(15)
        expect(parseRecoveryCode(code)).toBe(code)
        for (const typed of [
          words.join(' '),
          words.join('\n').toUpperCase(),
          words.map((word, at) => ` ${at + 1}. ${word}`).join(''),
          words.map(word => word.slice(0, 4)).join('-'),
        ])
          expect(readRecoveryWords(typed)).toEqual({ kind: 'code', code })
      }),
    )
  })

  it('say which one of them is wrong, whichever it is, and what no list has', () => {
    fc.assert(
      fc.property(codes, place, fc.integer({ min: 1, max: 2047 }), (code, at, shift) => {
        const words = recoveryWords(code)
        const wrong = wordlist[(wordlist.indexOf(words[at]!) + shift) % 2048]!
        const mistake = `word ${at + 1} does not fit the others`
        expect(readRecoveryWords(exchanged(words, at, wrong).join(' '))).toEqual({ kind: 'mistake', mistake })
        const stranger = readRecoveryWords(exchanged(words, at, 'xyzzy').join(' '))
        expect(stranger).toEqual({ kind: 'mistake', mistake: `word ${at + 1} is not in the list of words` })
      }),
    )
  })

  it('are no code with two of them exchanged, or wrong', () => {
    fc.assert(
      fc.property(codes, place, place, fc.nat(2047), fc.nat(2047), (code, a, b, one, other) => {
        const words = recoveryWords(code)
        fc.pre(words[a] !== words[b])
        const swapped = exchanged(exchanged(words, a, words[b]!), b, words[a]!)
        expect(readRecoveryWords(swapped.join(' ')).kind).toBe('mistake')
        const wrong = exchanged(exchanged(words, a, wordlist[one]!), b, wordlist[other]!)
        fc.pre(wrong.join() !== words.join())
        expect(readRecoveryWords(wrong.join(' ')).kind).toBe('mistake')
      }),
    )
  })

  // Whoever errs in several words may write down others that fit together; one in 256 of these would be taken for a code.
  it('are no code where they fit together and their hash says something else, and none of them is named then', () => {
    fc.assert(
      fc.property(
        codes,
        fc.integer({ min: 1, max: 255 }),
        place,
        fc.integer({ min: 1, max: 2047 }),
        (code, flaw, at, shift) => {
          const data = recoveryWords(code)
            .slice(0, -2)
            .map(word => wordlist.indexOf(word))
          const fitting = withCheckWords(data.with(-1, data.at(-1)! ^ flaw))
          const another = fitting.with(at, (fitting[at]! + shift) % 2048)
          for (const words of [fitting, another]) {
            const text = words.map(number => wordlist[number]).join(' ')
            const mistake = 'several of the words are wrong, or not in their order'
            expect(readRecoveryWords(text)).toEqual({ kind: 'mistake', mistake })
          }
        },
      ),
    )
  })

  it('are told from a password, and counted', () => {
    for (const password of ['correct horse battery staple', '', 'abandon', 'a b c d e f g h i j k l m n o', '\0']) {
      expect(readRecoveryWords(password)).toEqual({ kind: 'no words' })
    }
    const few = readRecoveryWords(recoveryWords(codeOfValue(1n)).slice(1).join(' '))
    expect(few).toEqual({ kind: 'mistake', mistake: 'a recovery code has 15 words, and these are 14' })
  })

  // What is printed today has to be read for ever.
  it('stay what they are', () => {
    expect(recoveryWords('0123-4567-89AB-CDEF-GHJK-MNPQ-RST5')).toEqual(
      'able canoe lunch model census force strong vacuum gown sport remove mind friend later syrup'.split(' '),
    )
  })
})
