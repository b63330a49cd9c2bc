import { RecoveryError } from '../../domain/errors.ts'
import { Drawing, lowest } from './pdf-drawing.ts'
import type { KitSheet } from './sheet.ts'

/**
 * The kit as a PDF of one page, made without a browser. Rejects with bad-input where a name has letters that the fonts which every
 * reader of PDF has are lacking.
 */
export async function kitPdf(sheet: KitSheet): Promise<Buffer> {
  assertWritable(sheet)
  const { default: PDFDocument } = await import('pdfkit')
  const make = () => new PDFDocument({ size: 'A4', margin: 0, info: { Title: `Recovery kit for ${sheet.name}` } })
  // Letters as large as one page allows.
  let scale = 1
  while (scale > 0.5 && new Drawing(make(), scale).draw(sheet) > lowest) scale -= 0.04
  const document = make()
  new Drawing(document, scale).draw(sheet)
  const bytes: Buffer[] = []
  document.on('data', (piece: Buffer) => bytes.push(piece))
  const ended = new Promise<void>((resolve, reject) => document.once('end', resolve).once('error', reject))
  document.end()
  await ended
  return Buffer.concat(bytes)
}

// What the standard fonts can write beyond ASCII: Windows' code page 1252.
const writable = /^[\x20-\x7e\xa0-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]*$/

function assertWritable({ name, hostname, vaults, steps }: KitSheet): void {
  const texts = [name, hostname, ...vaults.flatMap(({ locations }) => locations)]
  const all = [...texts, ...steps.flatMap(({ title, commands, note = '' }) => [title, note, ...commands.flat()])]
  const bad = all.find(text => !writable.test(text))
  if (bad === undefined) return
  throw new RecoveryError('bad-input', `the fonts that every reader of PDF has lack letters of: ${bad}`, {
    hint: 'write a page instead (--out kit.html), and print that',
  })
}
