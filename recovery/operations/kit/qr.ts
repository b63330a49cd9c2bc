import { encode } from 'uqr'
import type { KitSheet } from './sheet.ts'

/**
 * What the code to scan says: all that is particular to this kit, in the kit's own words, so that a phone shows where the vaults are and
 * what opens them, and what it copies out is a kit that `--cold-start -` and `kit check -` take. undefined where a field is empty: there
 * is nothing in it yet that needs no typing.
 */
export function scannedText({ name, id, vaults }: KitSheet): string | undefined {
  if (vaults.some(({ code }) => code === undefined)) return undefined
  const lines = vaults.flatMap(({ locations, code }) => [
    ...locations.map(location => `Vault: ${location}`),
    `Recovery code: ${code}`,
  ])
  return [`RECOVERY KIT for ${name}`, ...lines, `Project: ${id}`, ''].join('\n')
}

/** Dark is true. With the quiet zone of four modules that scanners want around it. */
export const qrModules = (text: string): readonly (readonly boolean[])[] => encode(text, { ecc: 'M', border: 4 }).data

/** As an SVG path in units of one module. */
export function qrPath(modules: readonly (readonly boolean[])[]): string {
  return modules
    .flatMap((row, y) =>
      [
        ...row
          .map(dark => (dark ? '#' : ' '))
          .join('')
          .matchAll(/#+/g),
      ].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`),
    )
    .join('')
}

/** For a terminal: two rows of modules a line. Black on white is said by escapes, since nobody knows its colours. */
export function qrBlocks(modules: readonly (readonly boolean[])[]): string {
  const lines: string[] = []
  for (let y = 0; y < modules.length; y += 2) {
    const cells = (modules[y] ?? []).map((upper, x) => blocks[Number(upper)]![Number(modules[y + 1]?.[x] ?? false)]!)
    lines.push(`\x1b[30;107m${cells.join('')}\x1b[0m`)
  }
  return lines.join('\n')
}

// [upper is dark][lower is dark]
const blocks = [
  [' ', '▄'],
  ['▀', '█'],
] as const
