import fs from 'node:fs'
import { chromium } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { reportPage } from './page.ts'
import { someReport } from './testing/some-report.ts'

// Where Debian's package has it. On the bed it is there, and nothing may be skipped.
const browserProgram = '/usr/bin/chromium'
const skips = !fs.existsSync(browserProgram) && process.env['AIDATAVAULT_REQUIRE_DOCKER'] !== '1'

const bad = { level: 2 as const, what: 'rows of <b>"public.notes"</b>', ok: false, detail: '7 rows, had 8 & more' }
const failed = someReport({
  verdict: 'failed',
  reason: { level: 2, step: 'databases of db', code: 'verification-failed', message: `${bad.what}: ${bad.detail}` },
  recoveryTime: null,
  checks: [...someReport().checks, bad],
  project: { id: 'notes-0123456789', name: '<script>alert(1)</script>' },
})

describe.skipIf(skips)('the page of a report', () => {
  it('shows in a browser, on any screen, what came of the drill, and asks nobody else for anything', async () => {
    const browser = await chromium.launch({
      executablePath: browserProgram,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    })
    try {
      const page = await browser.newPage({ viewport: { width: 1000, height: 900 } })
      const asked: string[] = []
      const complaints: string[] = []
      page.on('request', request => asked.push(request.url()))
      page.on('console', message => complaints.push(message.text()))
      page.on('dialog', dialog => void complaints.push(dialog.message()))
      await page.setContent(reportPage(someReport()), { waitUntil: 'load' })
      expect(await page.locator('h1').innerText()).toBe('notes')
      expect(await page.locator('.verdict').innerText()).toContain('Proved')
      const figures = await page.locator('.figure').allInnerTexts()
      expect(figures[0]).toBe('Recovery time (RTO)\n18.0 s\ntarget 30 min 0 s')
      expect(figures[1]).toContain('12 rows, 40960 bytes of WAL written since; target 24 h 0 min')
      expect(await page.locator('.figure.missed').count()).toBe(0)

      // Bars lie one after the other, as the steps did, inside of the table.
      const bars = await page.locator('.bar i').evaluateAll(all => all.map(one => one.getBoundingClientRect().toJSON()))
      const lefts = (bars as { left: number; width: number }[]).map(({ left }) => left)
      expect(lefts).toEqual(lefts.toSorted((a, b) => a - b))
      expect((bars as { width: number }[]).every(({ width }) => width >= 1)).toBe(true)

      await page.setContent(reportPage(failed), { waitUntil: 'load' })
      expect(await page.locator('h1').innerText()).toBe('<script>alert(1)</script>')
      expect(await page.locator('.reason').innerText()).toContain('rows of <b>"public.notes"</b>: 7 rows, had 8 & more')
      // What failed is open already.
      expect(await page.locator('details[open] tr.bad th').innerText()).toContain('rows of')
      await page.setViewportSize({ width: 360, height: 700 })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      expect(asked).toEqual([])
      expect(complaints).toEqual([])
    } finally {
      await browser.close()
    }
  }, 120_000)
})
