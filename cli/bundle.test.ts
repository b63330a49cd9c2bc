import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeBundle } from './bundle.ts'

const top = path.dirname(import.meta.dirname)
let folder: string

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-bundle-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const printed = (file: string, ...args: string[]) =>
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], { encoding: 'utf8' }).trim()

it('is the same program, its threads in it too', async () => {
  const bundle = path.join(top, 'dist.test')
  try {
    await makeBundle(bundle)
    const { version } = JSON.parse(fs.readFileSync(path.join(top, 'package.json'), 'utf8')) as { version: string }
    expect(printed(path.join(bundle, 'main.js'), '--version')).toBe(version)
    const threads = fs.readdirSync(bundle).filter(name => name.includes('worker'))
    expect(threads).toHaveLength(3)
  } finally {
    fs.rmSync(bundle, { recursive: true, force: true })
  }
})

it('runs as long as no file that went into it has changed, and the files themselves from then on', () => {
  const write = (name: string, text: string) => {
    const file = path.join(folder, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
    return file
  }
  const start = write('cli/start.js', fs.readFileSync(path.join(top, 'cli/start.js'), 'utf8'))
  write('package.json', '{"type":"module"}')
  const source = write('cli/main.ts', 'console.log("the files")')
  expect(printed(start)).toBe('the files')
  write('dist/main.js', 'console.log("the bundle")')
  const { mtimeMs, size } = fs.statSync(source)
  write('dist/inputs.json', JSON.stringify({ 'cli/main.ts': [mtimeMs, size] }))
  expect(printed(start)).toBe('the bundle')
  write('cli/main.ts', 'console.log("a new file")')
  expect(printed(start)).toBe('a new file')
  fs.rmSync(source)
  write('cli/main.ts', 'console.log("the same size")')
  expect(printed(start)).toBe('the same size')
})
