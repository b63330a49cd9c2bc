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
    return [{ name, command: each }, ...commandsOf(each, `${name} `)]
  })

/** As commands.md has it: `--only KINDS`, `--cold [SERVICE]`, `--plan`. */
const optionsOf = (command: Command): string[] =>
  command.options.map(
    ({ long, flags }) =>
      `${long ?? ''}${(/<(.*)>$|(\[.*\])$/.exec(flags)?.slice(1).join('') ?? '').replace(/^(?=.)/, ' ')}`,
  )

const rows = new Map(
  [...page.matchAll(/^\| `(.*?)` \|.*\|(.*)\|$/gm)].map(([, usage = '', options = '']) => [usage, options]),
)
const rowOf = (name: string) => [...rows].find(([usage]) => usage.replace(/( \[?[A-Z]+\]?)+$/, '') === name) ?? ['', '']
const codeIn = (text: string) => [...text.matchAll(/`(.*?)`/g)].map(([, code]) => code)

describe('the page of commands', () => {
  for (const { name, command } of commandsOf(program))
    it(`has ${name} with all its options, and no others`, () => {
      const [usage, options] = rowOf(name)
      const words = command.registeredArguments.map(argument =>
        argument.required ? argument.name() : `[${argument.name()}]`,
      )
      expect(usage).toBe([name, ...words].join(' '))
      expect(codeIn(options)).toEqual(optionsOf(command))
    })

  it('has no command that is not there, and every option that all of them take', () => {
    expect(rows.size).toBe(commandsOf(program).length)
    const sentence = /^For all of them: ([\s\S]*?)\n\n/m.exec(page)?.[1] ?? ''
    const names = program.options.map(({ long }) => long).filter(long => long !== '--version')
    expect(codeIn(sentence).filter(code => code?.startsWith('--'))).toEqual(names)
  })
})
