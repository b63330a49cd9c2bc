/** The smallest thing of an SQL statement that matters here; comments and white space are none. */
export interface Token {
  /** word: unquoted, in lower case. name: in double quotes, without them. text: a literal's content. symbol: one character. */
  readonly kind: 'word' | 'name' | 'text' | 'symbol'
  /** latin1: a byte is a character. */
  readonly text: string
  /** Where it stands in the statement's bytes, quotes included. */
  readonly start: number
  readonly end: number
}

/** What a script of psql is made of, in order; the `bytes` of all pieces together are the script. */
export type Piece =
  /** White space and line comments between statements; without its line end. */
  | { readonly kind: 'between'; readonly line: number; readonly bytes: Buffer }
  /** With its semicolon. `whole: false`: it is longer than is held at once, and goes on in `rest` pieces. */
  | {
      readonly kind: 'statement'
      readonly line: number
      readonly bytes: Buffer
      readonly tokens: readonly Token[]
      readonly whole: boolean
    }
  | {
      readonly kind: 'rest'
      readonly line: number
      readonly bytes: Buffer
      readonly tokens: readonly Token[]
      readonly last: boolean
    }
  /** Rows behind COPY … FROM stdin, whole lines. */
  | { readonly kind: 'rows'; readonly bytes: Buffer; readonly count: number }
  /** The line `\.` behind them. */
  | { readonly kind: 'rows-end'; readonly bytes: Buffer }
  /** A line for psql itself: a backslash and what follows; `inStatement`: an unfinished statement stood before it. */
  | { readonly kind: 'command'; readonly line: number; readonly bytes: Buffer; readonly inStatement: boolean }

/** How a script ended. */
export type ScriptEnd =
  | { readonly whole: true }
  /** In the middle of a statement, a text, a comment, or the rows of a table. */
  | { readonly whole: false; readonly line: number; readonly inside: 'statement' | 'text' | 'comment' | 'rows' }
