import { expect, it } from 'vitest'
import { qrBlocks, qrModules, scannedText } from './qr.ts'
import { scan } from './testing/scan.ts'
import { someSheets } from './testing/some-sheets.ts'

it('the code to scan is read from a terminal, and fits into 80 columns', () => {
  const text = scannedText(someSheets.usual) ?? ''
  const lines = qrBlocks(qrModules(text))
    .replaceAll(/\x1b\[[\d;]*m/g, '')
    .split('\n')
  expect(lines[0]?.length).toBeLessThanOrEqual(80)
  // Each character is two modules, one above the other; each module eight pixels wide and high.
  const rows = lines.flatMap(line => [
    [...line].map(cell => '▀█'.includes(cell)),
    [...line].map(cell => '▄█'.includes(cell)),
  ])
  const [width, height] = [8 * (rows[0]?.length ?? 0), 8 * rows.length]
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (rows[y >> 3]?.[x >> 3]) pixels.set([0, 0, 0], 4 * (y * width + x))
  expect(scan(pixels, width, height)).toBe(text)
})

it('a kit with an empty field has none', () => {
  expect(scannedText(someSheets.blank)).toBeUndefined()
})
