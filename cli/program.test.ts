import fs from 'node:fs'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { composeCli, dockerCli } from '../recovery/drivers/docker/index.ts'
import { buildProgram } from './program.ts'

const page = fs.readFileSync(new URL('../docs/reference/commands.md', import.meta.url), 'utf8')
const program = buildProgram({ engine: dockerCli(), compose: composeCli() }, new AbortController().signal, () => {})

/** The commands with the names that a user types, those of a command's own commands too. */
const commandsOf = (command: Command, before = ''): { name: string; command: Command }[] =>
  command.commands.flatMap(each => {
    const name = `${before}${each.name()}`
    const own = commandsOf(each, `${name} `)
    // One that only leads to others does nothing itself.
    return own.length > 0 && each.options.length === 0 ? own : [{ name, command: each }, ...own]
  })

/** Said once for all of them. */
const ofEveryRestore = ['--point POINT', '--accept DIFFERENCE', '--plan', '--yes']
const ownOptionsOf = (name: string, command: Command) =>
  optionsOf(command).filter(option => !name.startsWith('restore ') || !ofEveryRestore.includes(option))

/** As commands.md has it: `--only KINDS`, `--cold [SERVICE]`, `--plan`. */
const optionsOf = (command: Command): string[] =>
  command.options
    .filter(({ hidden }) => !hidden)
    .map(
      ({ long, flags }) =>
        `${long ?? ''}${(/<(.*)>$|(\[.*\])$/.exec(flags)?.slice(1).join('') ?? '').replace(/^(?=.)/, ' ')}`,
    )

const rows = new Map(
  [...page.matchAll(/^\| `(.*?)` \|.*\|(.*)\|$/gm)].map(([, usage = '', options = '']) => [usage, options]),
)
const rowOf = (name: string) =>
  [...rows].find(([usage]) => usage.replace(/( \[?[A-Z/]+…?\]?)+$/, '') === name) ?? ['', '']
const codeIn = (text: string) => [...text.matchAll(/`(.*?)`/g)].map(([, code]) => code)

describe('the page of commands', () => {
  for (const { name, command } of commandsOf(program))
    it(`has ${name} with all its options, and no others`, () => {
      const [usage, options] = rowOf(name)
      const words = command.registeredArguments.map(argument => {
        const word = `${argument.name()}${argument.variadic ? '…' : ''}`
        return argument.required ? word : `[${word}]`
      })
      expect(usage).toBe([name, ...words].join(' '))
      expect(codeIn(options)).toEqual(ownOptionsOf(name, command))
    })

  it('tells which options every restore takes', () => {
    const restores = commandsOf(program).filter(({ name }) => name.startsWith('restore '))
    expect(restores.length).toBeGreaterThan(5)
    for (const { name, command } of restores)
      expect(
        optionsOf(command).filter(option => ofEveryRestore.includes(option)),
        name,
      ).toEqual(ofEveryRestore)
    const sentence = /^Every `restore` takes ([\s\S]*?)besides/m.exec(page)?.[1] ?? ''
    expect(codeIn(sentence)).toEqual(ofEveryRestore.map(option => option.split(' ')[0]))
  })

  it('has no command that is not there, and every option that all of them take', () => {
    expect(rows.size).toBe(commandsOf(program).length)
    const sentence = /^For all of them: ([\s\S]*?)\n\n/m.exec(page)?.[1] ?? ''
    const names = program.options.map(({ long }) => long).filter(long => long !== '--version')
    expect(codeIn(sentence).filter(code => code?.startsWith('--'))).toEqual(names)
  })
})
