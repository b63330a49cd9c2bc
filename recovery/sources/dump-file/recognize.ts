import { isArchive } from './archive-header.ts'

/** What a file is, by its first bytes. */
export type FileKind = 'script' | 'cluster-script' | 'custom' | 'tar' | 'data-tar'
export type Recognized = { readonly kind: FileKind } | { readonly foreign: string }

/** As many bytes as it takes. */
export const recognizedBytes = 64 * 1024

/** `head`: decompressed. Whatever is not known is described, without its content: that may be a secret. */
export function recognize(head: Buffer): Recognized {
  if (head.length === 0) return { foreign: 'an empty file' }
  if (isArchive(head)) return { kind: 'custom' }
  const tar = tarKind(head)
  if (tar) return tar
  const encoded = otherEncoding(head)
  if (encoded) return { foreign: encoded }
  const known = binaries.find(([magic]) => head.subarray(0, magic.length).toString('latin1') === magic)
  if (known) return { foreign: known[1] }
  if (head.includes(0)) return { foreign: 'binary data of an unknown kind' }
  return recognizeText(head.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, ''))
}

const binaries: readonly (readonly [string, string])[] = [
  ['SQLite format 3\0', 'a database of SQLite'],
  ['PK\u0003\u0004', 'a zip archive: unpack it first'],
  ['7z\u00bc\u00af', 'a 7z archive: unpack it first'],
  ['Rar!', 'a rar archive: unpack it first'],
  ['%PDF', 'a PDF document'],
  ['age-encryption.org/', 'a file encrypted with age: decrypt it first'],
  ['Salted__', 'a file encrypted with openssl: decrypt it first'],
  ['-----BEGIN PGP', 'a file encrypted with PGP: decrypt it first'],
  ['\u001f\u008b', 'compressed twice: decompress it once'],
]

function otherEncoding(head: Buffer): string | undefined {
  const [first, second] = [head[0], head[1]]
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  const looksWide =
    head.length > 3 &&
    ((first === 0 && second !== 0 && head[2] === 0) || (first !== 0 && second === 0 && head[3] === 0))
  if (!marked && !(looksWide && !head.subarray(0, 64).includes(Buffer.alloc(2)))) return undefined
  return 'text in UTF-16, as PowerShell writes it with >: turn it into UTF-8 first, as with iconv -f UTF-16 -t UTF-8'
}

function tarKind(head: Buffer): Recognized | undefined {
  if (head.length < 512 || head.toString('latin1', 257, 262) !== 'ustar') return undefined
  const name = head.toString('latin1', 0, 100).replace(/\0.*$/s, '')
  if (name === 'toc.dat') return { kind: 'tar' }
  return { kind: 'data-tar' }
}

/** Only comments and psql's own lines stand before pg_dump's headline; anything else was mixed in. */
function recognizeText(text: string): Recognized {
  const at = text.search(/^-- PostgreSQL database (cluster )?dump\r?$/m)
  if (at < 0) return { foreign: foreignText(text) }
  const before = text
    .slice(0, at)
    .split(/\r?\n/)
    .findIndex(line => !/^(--.*|\\(un)?restrict .*|\s*)$/.test(line))
  if (before >= 0)
    return {
      foreign: `a dump of PostgreSQL with other text mixed in (line ${before + 1}), as a program's warnings: it may lie between the data, too`,
    }
  return { kind: text.startsWith('-- PostgreSQL database cluster', at) ? 'cluster-script' : 'script' }
}

const texts: readonly (readonly [RegExp, string])[] = [
  [/^\s*(<!doctype|<html)/i, 'an HTML page, as a failed download leaves it'],
  [/^\s*<\?xml/, 'an XML document'],
  [/^(\/\*M?!\d+|-- (MySQL|MariaDB|phpMyAdmin) )/m, 'a dump of MySQL or MariaDB'],
  [/^PRAGMA foreign_keys/m, 'a dump of SQLite'],
  [/^\s*[{[]\s*["{[\]}]/, 'a JSON document'],
  [
    /^(pg_dump|pg_dumpall|psql|docker|Error|error)\b.{0,40}(error|failed|cannot|No such|not found|FATAL)/im,
    'the error message of a program: that dump never was made',
  ],
  [/^(total \d+|[d-][rwx-]{9}[ .+@])/m, 'the listing of a folder'],
  [/^\s*(CREATE|INSERT|SET|BEGIN|DROP|ALTER|SELECT)\b/im, 'SQL, but not a dump that pg_dump wrote'],
]

const foreignText = (text: string): string =>
  texts.find(([pattern]) => pattern.test(text))?.[1] ?? 'text, and no dump of PostgreSQL'
