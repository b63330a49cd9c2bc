import { qrBlocks, qrModules, scannedText, type KitSheet } from '../../../recovery/operations/index.ts'
import type { Terminal } from '../../terminal.ts'

/** The code to scan, where somebody sees it: on a terminal that is wide enough. */
export async function terminalQr(sheet: KitSheet, terminal: Terminal): Promise<string> {
  if (!process.stdout.isTTY || terminal.options.json) return ''
  const scanned = scannedText(sheet)
  if (scanned === undefined) return ''
  const modules = await Promise.resolve(qrModules(scanned))
  if (modules.length <= process.stdout.columns) return `\n${qrBlocks(modules)}\n`
  return `\n  (a QR code needs ${modules.length} columns; in a file it always fits: --out kit.html)\n`
}
