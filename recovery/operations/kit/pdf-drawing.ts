import { emptyCode } from './kit-text.ts'
import { qrModules, qrPath, scannedText } from './qr.ts'
import { recoveryWords } from './recovery-words.ts'
import { commandLines } from './shell-words.ts'
import type { KitSheet, KitVaults } from './sheet.ts'

type Document = InstanceType<typeof import('pdfkit')>

// A4 is the narrower of the two papers, Letter the lower one: what fits into both is printed whole on either.
const page = { width: 595.28, height: 841.89 }
const margin = { side: 40, top: 34 }
/** Where the last line may end, in points from the top. */
export const lowest = 792 - margin.top
const inner = page.width - 2 * margin.side
const qrSize = 116
const dim = '#5d6b7a'
const ink = '#16202b'

/** The one page of a kit, from top to bottom. `scale` is that of the letters. */
export class Drawing {
  readonly #document: Document
  readonly #scale: number
  #y = margin.top

  constructor(document: Document, scale: number) {
    this.#document = document
    this.#scale = scale
  }

  /** Resolves to where the last line ends, in points from the top. */
  draw(sheet: KitSheet): number {
    const { name, hostname, id, printedOn, vaults, needs, steps } = sheet
    this.#line(`RECOVERY KIT for ${name}`, 'Helvetica-Bold', 17)
    this.#line(`on ${hostname} — print it, keep it away from this machine`, 'Helvetica', 9, dim)
    this.#rule()
    const top = this.#y
    const scanned = scannedText(sheet)
    const width = scanned === undefined ? inner : inner - qrSize - 14
    for (const group of vaults) this.#vaults(group, width)
    this.#line(`Project: ${id}`, 'Helvetica', 9, ink, width)
    this.#line(`Printed: ${printedOn}`, 'Helvetica', 9, ink, width)
    if (scanned !== undefined) this.#qr(scanned, top)
    if (needs.length > 0) this.#title('Also needed, to reach the storage (write it in, or keep it with this sheet)')
    for (const need of needs) this.#need(need.name, need.what)
    for (const { title, commands, note } of steps) {
      this.#title(title)
      for (const command of commands) for (const line of commandLines(command, 96)) this.#typed(line)
      if (note !== undefined) this.#line(note, 'Helvetica', 8, dim)
    }
    return this.#y
  }

  #vaults({ locations, code }: KitVaults, width: number): void {
    for (const location of locations) this.#fitted(`Vault: ${location}`, 10, width)
    this.#y += 2
    this.#fitted(`Recovery code: ${code ?? emptyCode}`, 12.5, width)
    if (code === undefined) {
      const ask =
        'Write it in: the one printed when the vault was made, or its words. Without it this sheet opens nothing.'
      this.#line(ask, 'Helvetica', 8, dim, width)
    } else {
      const opens = locations.length === 1 ? 'the vault' : 'each of these vaults'
      this.#line(`Opens ${opens} by itself, without the password. In words:`, 'Helvetica', 8, dim, width)
      this.#words(recoveryWords(code), width)
    }
    this.#y += 7
  }

  /** In one line, so that it is read back as one; smaller where it is long. */
  #fitted(text: string, points: number, width: number): void {
    const document = this.#document.font('Courier-Bold').fontSize(points * this.#scale)
    const size = Math.min(points * this.#scale, (points * this.#scale * width) / document.widthOfString(text))
    document.fillColor(ink).fontSize(size).text(text, margin.side, this.#y, { lineBreak: false })
    this.#y += points * this.#scale * 1.25
  }

  #words(words: readonly string[], width: number): void {
    const lineHeight = 11.5 * this.#scale
    this.#document
      .font('Courier')
      .fontSize(9 * this.#scale)
      .fillColor(ink)
    for (const [at, word] of words.entries()) {
      const x = margin.side + ((at % 5) * width) / 5
      const y = this.#y + Math.floor(at / 5) * lineHeight
      this.#document.text(`${at + 1} ${word}`, x, y, { lineBreak: false })
    }
    this.#y += Math.ceil(words.length / 5) * lineHeight
  }

  #qr(text: string, top: number): void {
    const modules = qrModules(text)
    // Its quiet zone is in the margin already.
    this.#document
      .save()
      .translate(page.width - margin.side - qrSize, top - 4)
      .scale(qrSize / modules.length)
      .path(qrPath(modules))
      .fill('#000')
      .restore()
    this.#y = Math.max(this.#y, top + qrSize)
  }

  #need(name: string, what: string): void {
    this.#y += 5 * this.#scale
    this.#document
      .font('Courier')
      .fontSize(9 * this.#scale)
      .fillColor(ink)
    this.#document.text(name, margin.side, this.#y, { lineBreak: false })
    const below = this.#y + 9 * this.#scale
    this.#document
      .moveTo(margin.side + 150, below)
      .lineTo(margin.side + 350, below)
      .lineWidth(0.6)
      .stroke(ink)
    this.#document
      .font('Helvetica')
      .fontSize(8 * this.#scale)
      .fillColor(dim)
    this.#document.text(what, margin.side + 356, this.#y, { lineBreak: false })
    this.#y += 11 * this.#scale
  }

  #title(text: string): void {
    this.#y += 6 * this.#scale
    this.#line(text, 'Helvetica-Bold', 10)
  }

  /** A command: as it is, smaller where it is long. */
  #typed(text: string): void {
    const points = 8.4 * this.#scale
    const document = this.#document.font('Courier').fontSize(points)
    const width = inner - 8
    const size = Math.min(points, (points * width) / document.widthOfString(text))
    document
      .fillColor(ink)
      .fontSize(size)
      .text(text, margin.side + 8, this.#y, { lineBreak: false })
    this.#y += points * 1.22
  }

  #line(text: string, font: string, points: number, color = ink, width = inner): void {
    const document = this.#document
      .font(font)
      .fontSize(points * this.#scale)
      .fillColor(color)
    document.text(text, margin.side, this.#y, { width })
    this.#y += document.heightOfString(text, { width }) + 1
  }

  #rule(): void {
    this.#y += 2
    this.#document
      .moveTo(margin.side, this.#y)
      .lineTo(page.width - margin.side, this.#y)
      .lineWidth(1.4)
      .stroke(ink)
    this.#y += 9
  }
}
