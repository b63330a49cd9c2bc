import { htmlText as text } from '../html-text.ts'
import { emptyCode } from './kit-text.ts'
import { kitPageStyle } from './kit-page-style.ts'
import { qrModules, qrPath, scannedText } from './qr.ts'
import { recoveryWords } from './recovery-words.ts'
import { commandLines } from './shell-words.ts'
import type { Step } from './by-hand.ts'
import type { KitSheet, KitVaults } from './sheet.ts'
import type { Need } from './storage-needs.ts'

/** The kit as one page that needs nothing else; what it says is read again by `parseKit`, one block of the page a line. */
export function kitPage(sheet: KitSheet): string {
  const { name, hostname, id, printedOn, vaults, needs, steps } = sheet
  return `<!doctype html>
<html lang="en" style="--size:${sizeFor(sheet)}pt">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(`Recovery kit for ${name}`)}</title>
<style>${kitPageStyle}</style>
<main>
<header><h1>RECOVERY KIT for ${text(name)}</h1><p>on ${text(hostname)}<br>print it, keep it away from this machine</p></header>
<div class="opens"><div>
${vaults.map(vaultsOf).join('\n')}
<div class="facts"><p><b class="label">Project:</b> ${text(id)}</p>
<p><b class="label">Printed:</b> ${printedOn}</p></div>
</div>
${qrOf(sheet)}</div>
${needsOf(needs)}${steps.map(stepOf).join('\n')}
</main>
</html>
`
}

// Of Letter, which is the lower paper, within the margins; in points.
const pageHeight = 722
const typedWidth = 88
const noteWidth = 105
// The code to scan does not shrink: what stands beside it has at least so many points.
const scannedHeight = 125

/** A location can be longer than a line; then what stands before it has one of its own. */
const shownLines = ({ length }: string): number => (length <= typedWidth ? 1 : 1 + Math.ceil(length / typedWidth))

/** Points. How much is on the sheet decides how large its letters can be, so that it stays one sheet; the style has the heights, in em. */
function sizeFor({ vaults, needs, steps }: KitSheet): number {
  const beside = vaults.reduce((sum, { locations }) => sum + 1.4 * locations.length + 10.2, 1.5)
  const below = steps.reduce((sum, { commands, note }) => {
    const typed = commands.flatMap(command => commandLines(command, typedWidth))
    const lines = typed.reduce((count, line) => count + shownLines(line), 0)
    return sum + 2.6 + (lines > 0 ? 0.6 : 0) + 1.26 * (lines + Math.ceil((note?.length ?? 0) / noteWidth))
  }, 4.5)
  const all = below + (needs.length > 0 ? 2.6 + 1.8 * needs.length : 0)
  const size = Math.min(pageHeight / (beside + all), (pageHeight - scannedHeight) / all)
  return Math.floor(10 * Math.max(4.5, Math.min(9.5, size))) / 10
}

function vaultsOf({ locations, code }: KitVaults): string {
  const places = locations.map(
    location =>
      `<p class="vault"><b class="label">Vault:</b> <code style="font-size:${placeSize(location)}em">${text(location)}</code></p>`,
  )
  return `<div class="vaults">
${places.join('\n')}
${code === undefined ? emptyField : codeOf(code, locations.length)}
</div>`
}

// In one line, so that it is read back as one from what a browser prints.
const placeSize = (location: string): number => Math.floor(100 * Math.min(1, 50 / location.length)) / 100

const emptyField = `<p class="code"><b class="label">Recovery code:</b> <code class="field">${emptyCode}</code></p>
<p class="note">Write it in: the one printed when the vault was made, or its words. Without it this sheet opens nothing.</p>`

function codeOf(code: string, vaults: number): string {
  const words = recoveryWords(code).map((word, at) => `<span><i>${at + 1}</i> ${word}</span>`)
  return `<p class="code"><b class="label">Recovery code:</b> <code>${code}</code></p>
<p class="note">Opens ${vaults === 1 ? 'the vault' : 'each of these vaults'} by itself, without the password. In words:</p>
<div class="words">${words.join(' ')}</div>`
}

function qrOf(sheet: KitSheet): string {
  const scanned = scannedText(sheet)
  if (scanned === undefined) return ''
  const modules = qrModules(scanned)
  return `<div class="qr"><svg viewBox="0 0 ${modules.length} ${modules.length}" shape-rendering="crispEdges" role="img" aria-label="QR code">
<path fill="#fff" d="M0 0h${modules.length}v${modules.length}H0z"/><path d="${qrPath(modules)}"/></svg>vaults, code and project, to scan</div>
`
}

const needsOf = (needs: readonly Need[]): string =>
  needs.length === 0
    ? ''
    : `<section><h2>Also needed, to reach the storage (write it in, or keep it with this sheet)</h2>
${needs.map(({ name, what }) => `<p class="need"><code>${text(name)}</code><i></i><span class="note">${text(what)}</span></p>`).join('\n')}
</section>
`

const stepOf = ({ title, commands, note }: Step): string => `<section><h2>${text(title)}</h2>
${commands.length === 0 ? '' : `<pre><code>${commands.map(command => text(commandLines(command, typedWidth).join('\n'))).join('\n')}</code></pre>`}
${note === undefined ? '' : `<p class="note">${text(note)}</p>`}</section>`
