import fs from 'node:fs/promises'
import { RecoveryError } from '../../domain/errors.ts'

/** The text of a kit in a file: one of text, our page, or a PDF, ours or printed from the page. Rejects with bad-input. */
export async function readKitFile(file: string): Promise<string> {
  const bytes = await fs.readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new RecoveryError('bad-input', `the recovery kit ${file} cannot be read: ${error.code}`, {
      hint: 'give the file that kit or init wrote, or - and paste its text',
    })
  })
  return kitTextOf(bytes)
}

/** The text of a kit, in whichever of the three forms its bytes are. */
export async function kitTextOf(bytes: Uint8Array): Promise<string> {
  const text = Buffer.from(bytes).toString('utf8')
  if (text.startsWith('%PDF-')) return textOfPdf(bytes)
  return /^\s*<(!doctype|html)/i.test(text) ? textOfPage(text) : text
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' }

/** Each block of the page is a line. */
function textOfPage(html: string): string {
  return html
    .replace(/<(style|script|svg|title)\b[\s\S]*?<\/\1>/gi, '')
    .replace(/<\/(p|li|dd|h\d|pre|div|tr)>|<br\s*\/?>/gi, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:#(\d+)|([a-z]+));/gi, (whole, number: string | undefined, name: string) =>
      number === undefined ? (entities[name] ?? whole) : String.fromCodePoint(Number(number)),
    )
}

/** The library is loaded with the first PDF: it is large, and a kit is read once in a life. */
async function textOfPdf(bytes: Uint8Array): Promise<string> {
  const { extractText, getDocumentProxy } = await import('unpdf')
  try {
    // Errors alone: what it warns of goes to the terminal.
    const document = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 })
    const { text } = await extractText(document, { mergePages: false })
    return text.join('\n')
  } catch (error) {
    throw new RecoveryError('bad-input', 'this PDF cannot be read', {
      hint: 'give its text instead: open it, copy everything, and paste it to -',
      cause: error,
    })
  }
}
