import { RecoveryError } from '../../domain/errors.ts'
import type { BytePath } from '../byte-path.ts'

/** Owner and permissions of something in the work tree. */
export interface Attributes {
  /** The 12 low bits of st_mode. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** What is needed to lay a work tree again and stands in none of git's own files. */
export interface CodeRecord {
  readonly objectFormat: string
  /** Full name; null when HEAD is detached. */
  readonly branch: string | null
  /** null on an unborn branch. */
  readonly head: string | null
  readonly symbolicRefs: readonly { readonly name: string; readonly target: string }[]
  /** Tracked files that are not in the work tree. */
  readonly absent: readonly BytePath[]
  /** Folders and files below which other sources bring back everything. */
  readonly volumes: readonly BytePath[]
  /** Of the project's folder and of `.git`. */
  readonly top: Attributes
  /** Tracked files and their folders that are not as a checkout by the top folder's owner would make them. */
  readonly attributes: ReadonlyMap<BytePath, Attributes>
}

const octal = (mode: number) => mode.toString(8)
const attributesText = ({ mode, uid, gid }: Attributes) => `${octal(mode)} ${uid} ${gid}`

/** NUL-terminated lines, one byte per character. A line is a word for its kind, then fields; a path always ends it. */
export function encodeRecord(record: CodeRecord): Buffer {
  const lines = [
    'version 1',
    `objects ${record.objectFormat}`,
    `head ${record.head ?? 'unborn'} ${record.branch ?? 'detached'}`,
    `top ${attributesText(record.top)}`,
    ...record.symbolicRefs.map(({ name, target }) => `symbolic ${name} ${target}`),
    ...record.absent.map(path => `absent ${path}`),
    ...record.volumes.map(path => `volume ${path}`),
    ...[...record.attributes].map(([path, attributes]) => `attributes ${attributesText(attributes)} ${path}`),
  ]
  return Buffer.from(lines.map(line => `${line}\0`).join(''), 'latin1')
}

/** Rejects what it does not understand: a newer version may say things that must not be left undone. */
export function parseRecord(bytes: Uint8Array): CodeRecord {
  const text = Buffer.from(bytes).toString('latin1')
  if (!text.startsWith('version 1\0') || !text.endsWith('\0')) throw invalid('it is of another version, or cut off')
  const draft = new Draft()
  for (const line of text.slice(0, -1).split('\0').slice(1)) draft.read(line)
  return draft.finish()
}

class Draft {
  readonly #single = new Map<string, RegExpExecArray>()
  readonly #symbolicRefs: { name: string; target: string }[] = []
  readonly #absent: BytePath[] = []
  readonly #volumes: BytePath[] = []
  readonly #attributes = new Map<BytePath, Attributes>()

  read(line: string): void {
    const [kind, rest] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]
    if (kind === 'absent') this.#absent.push(rest)
    else if (kind === 'volume') this.#volumes.push(rest)
    else if (kind === 'symbolic') this.#symbolicRefs.push(toRef(match(/^(\S+) (\S+)$/, rest)))
    else if (kind === 'attributes') this.#setAttributes(match(/^([0-7]+) (\d+) (\d+) (.+)$/s, rest))
    else this.#single.set(kind, match(this.#pattern(kind), rest))
  }

  #pattern(kind: string): RegExp {
    if (kind === 'objects') return /^(sha1|sha256)$/
    if (kind === 'head') return /^(unborn|[0-9a-f]+) (\S+)$/
    if (kind === 'top') return /^([0-7]+) (\d+) (\d+)$/
    throw invalid(`it has a line of an unknown kind, ${kind}`)
  }

  #setAttributes(found: RegExpExecArray): void {
    this.#attributes.set(found[4]!, toAttributes(found))
  }

  finish(): CodeRecord {
    const [objects, head, top] = ['objects', 'head', 'top'].map(kind => this.#single.get(kind))
    if (!objects || !head || !top) throw invalid('a line is missing')
    return {
      objectFormat: objects[1]!,
      head: head[1] === 'unborn' ? null : head[1]!,
      branch: head[2] === 'detached' ? null : head[2]!,
      symbolicRefs: this.#symbolicRefs,
      absent: this.#absent,
      volumes: this.#volumes,
      top: toAttributes(top),
      attributes: this.#attributes,
    }
  }
}

const toRef = (found: RegExpExecArray) => ({ name: found[1]!, target: found[2]! })

const toAttributes = (found: RegExpExecArray): Attributes => ({
  mode: parseInt(found[1]!, 8),
  uid: Number(found[2]),
  gid: Number(found[3]),
})

function match(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text)
  if (!found) throw invalid(`a line says ${text.slice(0, 60)}`)
  return found
}

const invalid = (why: string) =>
  new RecoveryError('restore-failed', `the record of the code in this point cannot be read: ${why}`, {
    hint: 'is there a newer version of this program?',
  })
