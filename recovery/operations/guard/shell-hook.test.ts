import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { putBlock, removeBlock } from './marked-block.ts'
import { shellHook } from './shell-hook.ts'

let folder: string
const script = (name: string, text: string) => {
  fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return path.join(folder, name)
}
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guard-hook-'))
  for (const name of ['docker', 'git', 'npx', 'psql', 'rm']) script(name, `echo "${name}: $*"; exit 3`)
  fs.writeFileSync(path.join(folder, 'hook'), shellHook(script("it's guard", 'shift 3; echo "guarded: $*"; exit 4')))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const hasZsh = spawnSync('zsh', ['-c', 'true']).status === 0

describe.each(['bash', ...(hasZsh ? ['zsh'] : [])])('in %s', shell => {
  const run = (line: string) => {
    const text = `alias rm='rm -i'\n. '${folder}/hook'\n${line}\necho "exit $?"\n`
    const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder }
    const flags = shell === 'bash' ? ['--norc', '-O', 'expand_aliases'] : ['-f']
    const ended = spawnSync(shell, [...flags, '-c', text], { env, encoding: 'utf8' })
    expect(ended.stderr).toBe('')
    return ended.stdout.trim().split('\n')
  }

  it.each([
    'docker compose down -v',
    'docker compose -p shop down --volumes',
    'docker volume rm "a b"',
    'git clean -fdx',
    'git checkout -- .',
    'git -C x stash drop',
    'npx prisma migrate reset',
    'psql -c x',
    'rm -rf x',
    'docker exec x psql -c y',
  ])('%s goes through the guard, and has its exit code', line => {
    expect(run(line)).toEqual([`guarded: ${line.replaceAll('"', '')}`, 'exit 4'])
  })

  it.each(['docker compose up -d', 'docker ps', 'git status', 'git commit -m x', 'npx vitest'])('%s does not', line => {
    expect(run(line)).toEqual([`${line.replace(' ', ': ')}`, 'exit 3'])
  })

  it('a pipe, a subshell and a list stay what they are', () => {
    expect(run('echo x | docker volume prune -f | cat; (docker ps); false || git clean -f')).toEqual([
      ...['guarded: docker volume prune -f', 'docker: ps', 'guarded: git clean -f', 'exit 4'],
    ])
  })
})

it('a program that is gone leaves the shell as it is', () => {
  const text = `${shellHook('/nowhere/aidatavault')}\ntype -t docker_nothing; declare -F | grep -c aidatavault\n`
  expect(spawnSync('bash', ['--norc', '-c', text], { encoding: 'utf8' }).stdout.trim()).toBe('0')
})

describe('the block in a file of the user', () => {
  const file = () => path.join(folder, '.bashrc')

  it('is put in once, and taken out without a trace', async () => {
    const before = 'export A=1\n# the end, without a newline'
    fs.writeFileSync(file(), before, { mode: 0o600 })
    expect((await putBlock(file(), shellHook('/a'))).changed).toBe(true)
    const once = fs.readFileSync(file(), 'utf8')
    expect((await putBlock(file(), shellHook('/a'))).changed).toBe(false)
    await putBlock(file(), shellHook('/b'))
    expect(fs.readFileSync(file(), 'utf8')).toBe(once.replaceAll(`'/a'`, `'/b'`))
    await removeBlock(file())
    expect(fs.readFileSync(file(), 'utf8')).toBe(`${before}\n`)
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600)
  })

  it('keeps the file as it was beside it, and links as links', async () => {
    fs.writeFileSync(path.join(folder, 'dotfile'), 'mine\n')
    fs.symlinkSync('dotfile', path.join(folder, 'link'))
    const { backup } = await putBlock(path.join(folder, 'link'), shellHook('/a'))
    expect(fs.readFileSync(backup!, 'utf8')).toBe('mine\n')
    expect(fs.lstatSync(path.join(folder, 'link')).isSymbolicLink()).toBe(true)
  })
})
