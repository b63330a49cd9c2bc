/** One piece of a shell line. A word keeps nothing of its quotes; an operator is what stands between commands. */
export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly quoted: boolean; readonly inner: readonly string[] }
  | { readonly kind: 'operator'; readonly text: string }
  | { readonly kind: 'heredoc'; readonly text: string }

const operators = ['<<<', '<<-', '&>>', '&&', '||', '|&', ';;', '<<', '>>', '>&', '<&', '>|', '<>', '&>', '|', '&', ';', '<', '>', '(', ')'] // prettier-ignore

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Cuts a line of sh into words and operators: quotes, escapes, comments, here-documents. What a command substitution would run
 * is in `inner` of its word. Variables stand for what `variables` says, and as they are written where it says nothing.
 */
export function shellTokens(line: string, variables: Variables = {}): Token[] {
  const lexer = new Lexer(line, variables)
  lexer.run()
  return lexer.tokens
}

class Lexer {
  readonly tokens: Token[] = []
  readonly #line: string
  readonly #variables: Variables
  readonly #heredocs: { readonly end: string; readonly at: number; readonly dedent: boolean }[] = []
  #at = 0
  #word: { text: string; quoted: boolean; inner: string[] } | undefined

  constructor(line: string, variables: Variables) {
    this.#line = line
    this.#variables = variables
  }

  run(): void {
    while (this.#at < this.#line.length) this.#step()
    this.#endWord()
  }

  #step(): void {
    const character = this.#line[this.#at]!
    if (character === '\n') return this.#newline()
    if (/\s/.test(character)) return this.#blank()
    if (character === '#' && !this.#word) return this.#comment()
    const operator = operators.find(text => this.#line.startsWith(text, this.#at))
    if (operator) return this.#operator(operator)
    this.#piece(character)
  }

  #piece(character: string): void {
    if (character === "'") return this.#quote("'")
    if (character === '"') return this.#doubleQuoted()
    if (character === '`') return this.#substitution('`', '`')
    if (character === '\\') return this.#escaped()
    if (character === '$') return this.#dollar()
    this.#add(character)
    this.#at++
  }

  #blank(): void {
    this.#endWord()
    this.#at++
  }

  #comment(): void {
    const end = this.#line.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#line.length : end
  }

  #newline(): void {
    this.#endWord()
    this.#at++
    for (const heredoc of this.#heredocs.splice(0)) this.#readHeredoc(heredoc)
    this.tokens.push({ kind: 'operator', text: ';' })
  }

  #operator(text: string): void {
    // 2>file: the number is of the redirection.
    const isNumber = /[<>]/.test(text) && this.#word && !this.#word.quoted && /^\d+$/.test(this.#word.text)
    if (isNumber) this.#word = undefined
    this.#endWord()
    this.#at += text.length
    this.tokens.push({ kind: 'operator', text })
  }

  #endWord(): void {
    const word = this.#word
    this.#word = undefined
    if (!word) return
    const before = this.tokens.at(-1)
    this.tokens.push({ kind: 'word', ...word })
    if (before?.kind === 'operator' && (before.text === '<<' || before.text === '<<-'))
      this.#heredocs.push({ end: word.text, at: this.tokens.length - 1, dedent: before.text === '<<-' })
  }

  #readHeredoc({ end, at, dedent }: { end: string; at: number; dedent: boolean }): void {
    const lines: string[] = []
    while (this.#at < this.#line.length) {
      const stop = this.#line.indexOf('\n', this.#at)
      const found = this.#line.slice(this.#at, stop < 0 ? undefined : stop)
      this.#at = stop < 0 ? this.#line.length : stop + 1
      const text = dedent ? found.replace(/^\t+/, '') : found
      if (text === end) break
      lines.push(text)
    }
    this.tokens[at] = { kind: 'heredoc', text: lines.join('\n') }
  }

  #quote(mark: string): void {
    const end = this.#line.indexOf(mark, this.#at + 1)
    const stop = end < 0 ? this.#line.length : end
    this.#add(this.#line.slice(this.#at + 1, stop), true)
    this.#at = stop + 1
  }

  #doubleQuoted(): void {
    this.#add('', true)
    this.#at++
    while (this.#at < this.#line.length && this.#line[this.#at] !== '"') {
      const character = this.#line[this.#at]!
      if (character === '\\') this.#escapedInQuotes()
      else if (character === '`') this.#substitution('`', '`')
      else if (character === '$') this.#dollar()
      else {
        this.#add(character)
        this.#at++
      }
    }
    this.#at++
  }

  #escaped(): void {
    const next = this.#line[this.#at + 1]
    if (next !== undefined && next !== '\n') this.#add(next, true)
    this.#at += 2
  }

  #escapedInQuotes(): void {
    const next = this.#line[this.#at + 1] ?? ''
    if (next !== '\n') this.#add('"\\$`'.includes(next) ? next : `\\${next}`)
    this.#at += 2
  }

  #dollar(): void {
    const rest = this.#line.slice(this.#at)
    if (rest.startsWith('$(')) return this.#substitution('$(', ')')
    if (rest.startsWith("$'")) {
      this.#at++
      return this.#quote("'")
    }
    const name = /^\$(?:\{(\w+)\}|(\w+))/.exec(rest)
    const value = name && this.#variables[name[1] ?? name[2] ?? '']
    const text = name ? name[0] : '$'
    this.#add(value ?? text)
    this.#at += text.length
  }

  /** Kept as it is written; what it runs is looked at too. */
  #substitution(open: string, close: string): void {
    const start = this.#at + open.length
    const end = closingAt(this.#line, start, open, close)
    const text = this.#line.slice(start, end)
    this.#add(`${open}${text}${close}`)
    this.#word?.inner.push(text)
    this.#at = end + close.length
  }

  #add(text: string, quoted = false): void {
    this.#word ??= { text: '', quoted: false, inner: [] }
    this.#word.text += text
    this.#word.quoted ||= quoted
  }
}

function closingAt(line: string, start: number, open: string, close: string): number {
  let depth = 1
  for (let at = start; at < line.length; at++) {
    if (line[at] === '\\') at++
    else if (open === '$(' && line[at] === '(') depth++
    else if (line[at] === close && --depth === 0) return at
  }
  return line.length
}
