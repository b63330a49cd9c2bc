import fs from 'node:fs'
import path from 'node:path'

/** One line of a script, with its number for people. */
export interface Line {
  readonly number: number
  readonly text: string
}

/**
 * A test of the command line that reads like a terminal. The first line is the promise it proves; then come commands for
 * the shell and what they have to say:
 *
 *     # A wrong password opens nothing.
 *     needs root
 *     ! aidatavault points          fails ('!'), and must say why
 *     exit 12
 *     stderr 'wrong password'       its stderr has this text; '! stderr' has it not; stdout likewise
 *     -- shop/aidatavault.yml --    a file that is there at the start; its content follows
 *     name: shop
 */
export interface Script {
  readonly file: string
  readonly title: string
  /** Words after 'needs': docker, root, restic. */
  readonly needs: readonly string[]
  readonly lines: readonly Line[]
  readonly files: ReadonlyMap<string, string>
}

const fileHeader = /^-- (.+) --$/

export function readScript(file: string): Script {
  const text = fs.readFileSync(file, 'utf8')
  const [body = [], files] = splitFiles(text.trimEnd().split('\n'))
  const lines = body
    .map((line, at) => ({ number: at + 1, text: line.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
  const needs = lines.filter(({ text }) => text.startsWith('needs ')).map(({ text }) => text.slice('needs '.length))
  return {
    file: path.basename(file),
    title: body[0]?.replace(/^# /, '') ?? '',
    needs,
    lines: lines.filter(({ text }) => !text.startsWith('needs ')),
    files,
  }
}

function splitFiles(lines: readonly string[]): [string[], Map<string, string>] {
  const body: string[] = []
  const files = new Map<string, string>()
  let name: string | undefined
  for (const line of lines) {
    const header = fileHeader.exec(line)
    if (header) files.set((name = header[1] ?? ''), '')
    else if (name === undefined) body.push(line)
    else files.set(name, `${files.get(name)}${line}\n`)
  }
  return [body, files]
}
