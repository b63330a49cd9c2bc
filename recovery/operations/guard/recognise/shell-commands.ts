import { shellTokens, type Token } from './shell-lexer.ts'

/** Where a command's standard input comes from, as far as the line tells. */
export type Input =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'command'; readonly command: SimpleCommand }
  /** Nobody can tell before it is read. */
  | { readonly kind: 'unknown' }

/** One program with its arguments, out of a line. */
export interface SimpleCommand {
  readonly assignments: Readonly<Record<string, string>>
  readonly words: readonly string[]
  /** undefined: that of the shell itself. */
  readonly input: Input | undefined
}

// Words that only begin a part of a shell's grammar.
const keywords = new Set([
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'while',
  'until',
  'do',
  'done',
  'for',
  '{',
  '}',
  '!',
  'time',
])

/** The commands of a line, in order, whatever joins them (&&, ||, ;, |, newlines, parentheses, substitutions). */
export function shellCommands(
  line: string,
  variables: Readonly<Record<string, string | undefined>> = {},
): SimpleCommand[] {
  const commands: SimpleCommand[] = []
  let open = new Open(undefined)
  const close = (next: Input | undefined) => {
    const command = open.end()
    if (command) commands.push(command)
    open = new Open(next && command ? { kind: 'command', command } : undefined)
  }
  for (const token of shellTokens(line, variables)) {
    if (token.kind === 'word') for (const text of token.inner) commands.push(...shellCommands(text, variables))
    if (token.kind !== 'operator' || isRedirection(token.text)) open.add(token)
    else close(token.text === '|' || token.text === '|&' ? { kind: 'unknown' } : undefined)
  }
  close(undefined)
  return commands
}

const isRedirection = (text: string) => /[<>]/.test(text)

/** A command that is still being read. */
class Open {
  readonly #words: string[] = []
  readonly #assignments: Record<string, string> = {}
  #input: Input | undefined
  #redirection: string | undefined

  constructor(input: Input | undefined) {
    this.#input = input
  }

  add(token: Token): void {
    if (token.kind === 'operator') this.#redirection = token.text
    else if (this.#redirection !== undefined) this.#redirect(token)
    else if (token.kind === 'word') this.#addWord(token.text, token.quoted)
  }

  #redirect(token: Exclude<Token, { kind: 'operator' }>): void {
    const redirection = this.#redirection
    this.#redirection = undefined
    if (token.kind === 'heredoc' || redirection === '<<<') this.#input = { kind: 'text', text: token.text }
    else if (redirection === '<') this.#input = { kind: 'file', file: token.text }
  }

  #addWord(text: string, quoted: boolean): void {
    const assignment = this.#words.length === 0 ? /^([A-Za-z_]\w*)=(.*)$/s.exec(text) : null
    if (assignment) this.#assignments[assignment[1]!] = assignment[2]!
    else if (this.#words.length > 0 || quoted || !keywords.has(text)) this.#words.push(text)
  }

  end(): SimpleCommand | undefined {
    if (this.#words.length === 0) return undefined
    return { assignments: this.#assignments, words: this.#words, input: this.#input }
  }
}
