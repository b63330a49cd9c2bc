import fs from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getDocumentProxy } from 'unpdf'
import { kitTextOf } from './kit-file.ts'
import { kitPage } from './kit-page.ts'
import { readKit } from './parse-kit.ts'
import { scannedText } from './qr.ts'
import { scan } from './testing/scan.ts'
import { readSheets, someSheets } from './testing/some-sheets.ts'

const browserProgram = '/usr/bin/chromium'
const skips = !fs.existsSync(browserProgram) && process.env['AIDATAVAULT_REQUIRE_DOCKER'] !== '1'
const names = Object.keys(someSheets) as (keyof typeof someSheets)[]

it.each(names)('the page of a kit is read back by what it says (%s)', async name => {
  expect(readKit(await kitTextOf(Buffer.from(kitPage(someSheets[name]))))).toEqual(readSheets[name])
})

describe.skipIf(skips)('the page of a kit, in a browser', () => {
  let browser: Browser
  let page: Page
  const asked: string[] = []
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: browserProgram,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    })
    page = await browser.newPage({ viewport: { width: 900, height: 1200 } })
    page.on('request', request => asked.push(request.url()))
  }, 60_000)
  afterAll(() => browser?.close(), 60_000)

  it.each(names)('is one sheet of A4 and of Letter, which is a kit when it is printed to a file (%s)', async name => {
    await page.setContent(kitPage(someSheets[name]), { waitUntil: 'load' })
    for (const format of ['A4', 'Letter']) {
      const pdf = await page.pdf({ format })
      expect((await getDocumentProxy(new Uint8Array(pdf))).numPages, format).toBe(1)
      expect(readKit(await kitTextOf(pdf)), format).toEqual(readSheets[name])
    }
  })

  it('shows what it says, has a code to scan, and asks nobody for anything', async () => {
    await page.setContent(kitPage(someSheets.full), { waitUntil: 'load' })
    expect(await page.locator('.vault').first().innerText()).toContain("/mnt/my <b>vault's</b>")
    expect(await page.locator('.words').first().locator('span').count()).toBe(15)
    const picture = await page.screenshot({ fullPage: true })
    // The browser takes its own picture apart.
    const taken = await page.evaluate(`(async () => {
      const image = new Image()
      image.src = 'data:image/png;base64,${picture.toString('base64')}'
      await image.decode()
      const canvas = document.createElement('canvas')
      canvas.width = image.width
      canvas.height = image.height
      const drawing = canvas.getContext('2d')
      drawing.drawImage(image, 0, 0)
      const bytes = drawing.getImageData(0, 0, image.width, image.height).data
      let text = ''
      for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768))
      return { width: image.width, height: image.height, pixels: btoa(text) }
    })()`)
    const { width, height, pixels } = taken as { width: number; height: number; pixels: string }
    const read = scan(new Uint8ClampedArray(Buffer.from(pixels, 'base64')), width, height)
    expect(read).toBe(scannedText(someSheets.full))
    expect(readKit(read ?? '')).toEqual(readSheets.full)
    expect(asked.filter(url => !url.startsWith('data:'))).toEqual([])
    await page.setViewportSize({ width: 360, height: 700 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  })
})
