import { ambiguous, lexemeAt, type Lexeme } from './lexer.ts'
import type { Piece, ScriptEnd, Token } from './pieces.ts'

// A statement longer than this goes out in parts: rows as INSERT can make one of any length.
const heldBytes = 1 << 20
const heldTokens = 4096

/**
 * Cuts a script for psql into its pieces while it streams by, as psql itself would: strings, dollar quotes, nested
 * comments, bodies of SQL functions (BEGIN ATOMIC), rows behind COPY. Holds no more than about a megabyte, or one literal.
 */
export class ScriptScanner {
  /** What is not cut yet. `#at` of it is looked at already and belongs to the statement at work. */
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  /** No use in looking again before there are so many; until then the new ones wait. */
  #wanted = 0
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #mode: 'sql' | 'rows' | 'copy-line' | 'command' = 'sql'
  #line = 1
  #startLine = 1
  #commandInStatement = false
  #statement = newStatement()
  #standardStrings = true
  readonly #pieces: Piece[] = []

  /** The pieces that are whole with these bytes. */
  push(chunk: Uint8Array): Piece[] {
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#bytes.length + this.#waitingBytes < this.#wanted) return []
    this.#join()
    this.#scan(false)
    return this.#pieces.splice(0)
  }

  #join(): void {
    this.#bytes = Buffer.concat([this.#bytes, ...this.#waiting.splice(0)])
    this.#waitingBytes = this.#wanted = 0
  }

  /** The last pieces, and how it ended. What was open comes as it is. */
  end(): { readonly pieces: Piece[]; readonly end: ScriptEnd } {
    this.#join()
    this.#scan(true)
    const end = this.#whereItEnded()
    if (this.#bytes.length > 0)
      this.#pieces.push({ kind: 'between', line: this.#startLine, bytes: this.#take(this.#bytes.length) })
    return { pieces: this.#pieces.splice(0), end }
  }

  #scan(final: boolean): void {
    for (;;) {
      const went =
        this.#mode === 'sql'
          ? this.#sql(final)
          : this.#mode === 'rows'
            ? this.#rows(final)
            : this.#mode === 'copy-line'
              ? this.#copyLine()
              : this.#command(final)
      if (!went) return
    }
  }

  #whereItEnded(): ScriptEnd {
    const line = this.#line
    if (this.#mode === 'rows' || this.#mode === 'copy-line') return { whole: false, line, inside: 'rows' }
    if (this.#at < this.#bytes.length)
      return { whole: false, line, inside: this.#bytes[this.#at] === 0x2f ? 'comment' : 'text' }
    return this.#statement.begun ? { whole: false, line, inside: 'statement' } : { whole: true }
  }

  #sql(final: boolean): boolean {
    const lexeme = lexemeAt(this.#bytes, this.#at, { standardStrings: this.#standardStrings }, final)
    if (!lexeme) {
      const open = this.#bytes.length - this.#at
      // An open literal is looked at again only when there is twice as much of it.
      if (open > 1 << 16) this.#wanted = this.#at + open * 2
      return false
    }
    if (lexeme.kind === 'backslash') return this.#beginCommand()
    if (lexeme.kind === 'space' || lexeme.kind === 'comment') this.#pass(lexeme)
    else this.#add(lexeme)
    return true
  }

  /** White space and comments. Between statements, a line of them is a piece of its own. */
  #pass({ kind, length }: Lexeme): void {
    const isNewline = kind === 'space' && this.#bytes[this.#at] === 0x0a
    if (kind === 'comment') this.#line += newlinesIn(this.#bytes, this.#at, this.#at + length)
    this.#at += length
    if (!this.#statement.begun && (isNewline || this.#at > heldBytes)) this.#emitBetween()
    else if (this.#at > heldBytes) this.#emitPart()
    if (isNewline) this.#line++
    if (!this.#statement.begun && this.#at === 0) this.#startLine = this.#line
  }

  #emitBetween(): void {
    this.#pieces.push({ kind: 'between', line: this.#line, bytes: this.#take(this.#at) })
  }

  #add(lexeme: Lexeme): void {
    const statement = this.#statement
    if (!statement.begun) this.#startStatement()
    statement.note(lexeme, this.#at)
    this.#line +=
      lexeme.kind === 'text' || lexeme.kind === 'name' ? newlinesIn(this.#bytes, this.#at, this.#at + lexeme.length) : 0
    this.#at += lexeme.length
    if (lexeme.kind === 'end' && statement.mayEnd) this.#emitStatement()
    else if (this.#at > heldBytes || statement.tokens.length >= heldTokens) this.#emitPart()
  }

  /** What stands before it goes out first, so that a statement's bytes begin with its first word. */
  #startStatement(): void {
    if (this.#at > 0) this.#emitBetween()
    this.#statement.begun = true
    this.#startLine = this.#line
  }

  #emitStatement(): void {
    const { tokens, parts, isCopyFromStdin } = this.#statement
    const bytes = this.#take(this.#at)
    if (parts > 0) this.#pieces.push({ kind: 'rest', line: this.#startLine, bytes, tokens, last: true })
    else this.#pieces.push({ kind: 'statement', line: this.#startLine, bytes, tokens, whole: true })
    if (parts === 0) this.#heed(tokens)
    this.#statement = newStatement()
    if (isCopyFromStdin) this.#mode = 'copy-line'
  }

  #emitPart(): void {
    const { tokens, parts } = this.#statement
    const bytes = this.#take(this.#at)
    if (parts > 0) this.#pieces.push({ kind: 'rest', line: this.#startLine, bytes, tokens: [...tokens], last: false })
    else this.#pieces.push({ kind: 'statement', line: this.#startLine, bytes, tokens: [...tokens], whole: false })
    this.#statement.continue()
  }

  /** SET standard_conforming_strings changes how the rest is to be read. */
  #heed(tokens: readonly Token[]): void {
    const words = tokens.map(({ text }) => text.toLowerCase())
    if (words[0] !== 'set') return
    const at = words.indexOf('standard_conforming_strings')
    if (at < 0 || at > 2) return
    this.#standardStrings = !['off', 'false', 'no', '0'].includes(words[at + 2] ?? '')
  }

  #beginCommand(): boolean {
    this.#commandInStatement = this.#statement.begun
    if (this.#at > 0 && !this.#statement.begun) this.#emitBetween()
    if (this.#at > 0) this.#emitPart()
    this.#mode = 'command'
    return true
  }

  /** To the end of its line. */
  #command(final: boolean): boolean {
    const found = this.#bytes.indexOf(0x0a)
    if (found < 0 && !final) return false
    const bytes = this.#take(found < 0 ? this.#bytes.length : found + 1)
    this.#pieces.push({ kind: 'command', line: this.#line, bytes, inStatement: this.#commandInStatement })
    this.#line++
    this.#startLine = this.#line
    this.#mode = 'sql'
    return true
  }

  /** The rest of the line of COPY … FROM stdin; rows begin with the next. */
  #copyLine(): boolean {
    const found = this.#bytes.indexOf(0x0a)
    if (found < 0) return false
    this.#pieces.push({ kind: 'between', line: this.#line, bytes: this.#take(found + 1) })
    this.#line++
    this.#mode = 'rows'
    return true
  }

  /** Whole lines up to `\.`, in as large pieces as there are. */
  #rows(final: boolean): boolean {
    if (this.#bytes.length === 0) return false
    const marked = endOfRows(this.#bytes)
    if (marked) {
      if (marked.at > 0) this.#emitRows(marked.at)
      this.#pieces.push({ kind: 'rows-end', bytes: this.#take(marked.length) })
      this.#line++
      this.#startLine = this.#line
      this.#mode = 'sql'
      return true
    }
    const lineEnd = this.#bytes.lastIndexOf(0x0a) + 1
    if (lineEnd > 0) this.#emitRows(lineEnd)
    else this.#wanted = this.#bytes.length * 2
    // The mark may be the very end of a file, without a line end.
    if (final && this.#bytes.equals(mark)) {
      this.#pieces.push({ kind: 'rows-end', bytes: this.#take(2) })
      this.#mode = 'sql'
    }
    return false
  }

  #emitRows(length: number): void {
    const bytes = this.#take(length)
    const count = newlinesIn(bytes, 0, length)
    this.#line += count
    this.#pieces.push({ kind: 'rows', bytes, count })
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    this.#at = 0
    return taken
  }
}

const mark = Buffer.from('\\.')

/** The first line that is `\.` alone. */
function endOfRows(bytes: Buffer): { at: number; length: number } | undefined {
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    if (at > 0 && bytes[at - 1] !== 0x0a) continue
    if (bytes[at + 2] === 0x0a) return { at, length: 3 }
    if (bytes[at + 2] === 0x0d && bytes[at + 3] === 0x0a) return { at, length: 4 }
  }
  return undefined
}

function newlinesIn(bytes: Buffer, from: number, to: number): number {
  let count = 0
  for (let at = bytes.indexOf(0x0a, from); at >= 0 && at < to; at = bytes.indexOf(0x0a, at + 1)) count++
  return count
}

/** What is known of the statement at work. */
class OpenStatement {
  begun = false
  parts = 0
  tokens: Token[] = []
  #head: string[] = []
  #depth = 0
  #begins = 0
  #lastEscapes = false
  #seen: string[] = []

  note({ kind, length, text, escapes }: Lexeme, at: number): void {
    if (kind === 'end' || kind === 'space' || kind === 'comment' || kind === 'backslash') {
      if (kind === 'end') this.#seen.push(';')
      return
    }
    const odd = this.#lastEscapes && kind === 'text'
    this.#lastEscapes = kind === 'text' && escapes === true
    if (odd) this.tokens.push({ kind: 'symbol', text: ambiguous, start: at, end: at })
    this.tokens.push({ kind, text, start: at, end: at + length })
    this.#seen = [...this.#seen.slice(-2), kind === 'word' ? text : '?']
    if (this.#first === undefined) this.#first = text
    if (kind === 'word') this.#noteWord(text)
    else if (text === '(' && kind === 'symbol') this.#depth++
    else if (text === ')' && kind === 'symbol' && this.#depth > 0) this.#depth--
  }

  #first: string | undefined

  /** As psql counts BEGIN and END in bodies of functions. */
  #noteWord(text: string): void {
    if (this.#head.length < 4) this.#head.push(text)
    const [first, second, third, fourth] = this.#head.map(word => word[0])
    const isRoutine = (letter: string | undefined) => letter === 'f' || letter === 'p'
    const makes = first === 'c' && (isRoutine(second) || (second === 'o' && third === 'r' && isRoutine(fourth)))
    if (!makes || this.#depth > 0) return
    if (text === 'begin' || (text === 'case' && this.#begins > 0)) this.#begins++
    else if (text === 'end' && this.#begins > 0) this.#begins--
  }

  get mayEnd(): boolean {
    return this.#depth === 0 && this.#begins === 0
  }

  get isCopyFromStdin(): boolean {
    return this.#first === 'copy' && this.#seen.slice(-3).join(' ') === 'from stdin ;'
  }

  continue(): void {
    this.parts++
    this.tokens = []
  }
}

const newStatement = () => new OpenStatement()
