import { commandLines } from './shell-words.ts'
import { recoveryWords } from './recovery-words.ts'
import type { KitSheet, KitVaults } from './sheet.ts'

const width = 80

/** The kit as text, to print or to keep in a file; `parseKit` reads it again. */
export function kitText(sheet: KitSheet): string {
  const { name, hostname, id, printedOn, vaults, needs, steps } = sheet
  const lines = [
    `RECOVERY KIT for ${name} on ${hostname} — print it, keep it away from this machine`,
    '',
    ...vaults.flatMap(group => [...vaultLines(group), '']),
    `  Project:        ${id}`,
    `  Printed:        ${printedOn}`,
    '',
    ...(needs.length === 0 ? [] : ['  Also needed, to reach the storage (write it in, or keep it with this sheet):']),
    ...needs.map(need => `    ${need.name.padEnd(24)} ______________________  ${need.what}`),
    ...(needs.length === 0 ? [] : ['']),
    ...steps.flatMap(({ title, commands, note }) => [
      `  ${title}${commands.length > 0 ? ':' : ''}`,
      ...commands.flatMap(command => commandLines(command, width - 4)).map(line => `    ${line}`),
      ...(note === undefined ? [] : folded(`(${note})`, width - 2).map(line => `  ${line}`)),
      '',
    ]),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

function vaultLines({ locations, code }: KitVaults): string[] {
  const vaults = locations.map(location => `  Vault:          ${location}`)
  if (code === undefined)
    return [
      ...vaults,
      `  Recovery code:  ${emptyCode}`,
      '                  (write it in: the one printed when the vault was made, or its words;',
      '                  without it this sheet opens nothing)',
    ]
  const opens = locations.length === 1 ? 'the vault' : 'each of these vaults'
  return [
    ...vaults,
    `  Recovery code:  ${code}`,
    `                  (opens ${opens} by itself, without the password)`,
    ...wordLines(code).map((line, at) => `  ${at === 0 ? 'In words:       ' : '                '}${line}`),
  ]
}

/** Where a code is to be written by hand. */
export const emptyCode = Array.from({ length: 7 }, () => '____').join('-')

const wordLines = (code: string): string[] => {
  const words = recoveryWords(code).map((word, at) => `${String(at + 1).padStart(2)} ${word.padEnd(9)}`)
  return [0, 5, 10].map(from =>
    words
      .slice(from, from + 5)
      .join('')
      .trimEnd(),
  )
}

/** Text in lines of at most `width` characters, cut between words. */
function folded(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines
}
