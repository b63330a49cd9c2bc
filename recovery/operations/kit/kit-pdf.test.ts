import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { getDocumentProxy } from 'unpdf'
import { kitTextOf } from './kit-file.ts'
import { kitPdf } from './kit-pdf.ts'
import { readKit } from './parse-kit.ts'
import { scannedText } from './qr.ts'
import { kitSheet } from './sheet.ts'
import { parsePpm, scan } from './testing/scan.ts'
import { someProject } from './testing/some-project.ts'
import { readSheets, someCode, someSheets } from './testing/some-sheets.ts'

const names = Object.keys(someSheets) as (keyof typeof someSheets)[]
const hasPoppler = spawnSync('pdftotext', ['-v']).status === 0
const skips = !hasPoppler && process.env['AIDATAVAULT_REQUIRE_DOCKER'] !== '1'
const poppler = (program: string, args: string[], input: Buffer) =>
  execFileSync(program, args, { input, maxBuffer: 1 << 28 })

describe('the PDF of a kit', () => {
  it.each(names)('is one page, and is read back by what it says (%s)', async name => {
    const pdf = await kitPdf(someSheets[name])
    expect((await getDocumentProxy(new Uint8Array(pdf))).numPages).toBe(1)
    expect(readKit(await kitTextOf(pdf))).toEqual(readSheets[name])
  })

  it.skipIf(skips).each(names)('says the same to other readers, and has a code to scan (%s)', async name => {
    const pdf = await kitPdf(someSheets[name])
    expect(readKit(poppler('pdftotext', ['-layout', '-', '-'], pdf).toString())).toEqual(readSheets[name])
    // At the resolution of a cheap printer and a phone's camera.
    const { pixels, width, height } = parsePpm(poppler('pdftoppm', ['-r', '150', '-singlefile', '-'], pdf))
    expect(scan(pixels, width, height)).toBe(scannedText(someSheets[name]))
  })

  it('keeps a long location whole, and refuses letters that its fonts lack', async () => {
    const location = `/mnt/${'a-long-way/'.repeat(20)}vault`
    const sheet = (place: string) => kitSheet(someProject(), [{ locations: [place], code: someCode }], new Date(), {})
    expect(readKit(await kitTextOf(await kitPdf(sheet(location)))).vaults).toEqual([
      { location, recoveryCode: someCode },
    ])
    expect(readKit(await kitTextOf(await kitPdf(sheet('/mnt/Größe – ok')))).vaults[0]?.location).toBe('/mnt/Größe – ok')
    await expect(kitPdf(sheet('/mnt/備份'))).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('that is damaged is refused with a sentence', async () => {
    await expect(kitTextOf(Buffer.from('%PDF-1.4 and nothing'))).rejects.toMatchObject({ code: 'bad-input' })
  })
})
