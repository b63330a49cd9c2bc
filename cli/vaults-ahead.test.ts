import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createVault, openStorage } from '../vault/index.ts'
import { cheapScrypt } from '../vault/testing/test-repository.ts'
import { openVaultAt, type Context, type GlobalOptions } from './context.ts'
import { quietPassword } from './password.ts'
import { Terminal } from './terminal.ts'
import { VaultsAhead } from './vaults-ahead.ts'

let folder: string
const at = (name: string) => path.join(folder, name)
beforeEach(async () => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ahead-')))
  for (const name of ['AIDATAVAULT_VAULT', 'AIDATAVAULT_PASSWORD']) vi.stubEnv(name, undefined)
  vi.stubEnv('XDG_CONFIG_HOME', folder)
  fs.mkdirSync(at('project'))
  fs.writeFileSync(at('project/aidatavault.yml'), 'vault: ../vault\n')
  fs.writeFileSync(at('password'), 'geheim\n')
  const first = { password: 'geheim', username: 'user', hostname: 'host', scrypt: cheapScrypt }
  await (await createVault(openStorage(at('vault')), first)).close()
})
afterEach(() => {
  vi.unstubAllEnvs()
  fs.rmSync(folder, { recursive: true })
})

function contextWith(options: Partial<GlobalOptions>): Context & { readonly warnings: string[] } {
  const { signal } = new AbortController()
  const warnings: string[] = []
  const terminal = new Terminal({ json: true, quiet: true, verbose: false, color: false }, signal)
  terminal.warn = text => warnings.push(text)
  return {
    options: { color: false, cache: false, projectDirectory: at('project'), ...options },
    ...{ terminal, tools: undefined as never, run: terminal.run(), ahead: new VaultsAhead(), warnings },
  }
}

it('is the vault that aidatavault.yml names, opened once for the first who wants it', async () => {
  const context = contextWith({ passwordFile: at('password') })
  context.ahead.begin(context)
  const vault = await context.ahead.take(at('vault'))
  expect(await vault?.listSnapshots()).toEqual([])
  await vault?.close()
  expect(await context.ahead.take(at('vault'))).toBeUndefined()
  const again = await openVaultAt(at('vault'), context)
  expect(again.id).toBe(vault?.id)
  await again.close()
})

it('is not another one than was asked for', async () => {
  const context = contextWith({ passwordFile: at('password') })
  context.ahead.begin(context)
  expect(await context.ahead.take(at('other'))).toBeUndefined()
  await context.ahead.drop()
  expect(await context.ahead.take(at('vault'))).toBeUndefined()
})

it('asks nobody: no command runs, and what can be read but once is left to who needs it', async () => {
  execFileSync('mkfifo', [at('pipe')])
  for (const options of [
    { passwordCommand: `touch ${at('asked')}; echo geheim` },
    { passwordFile: at('pipe') },
    { passwordFile: at('absent') },
    {},
  ]) {
    expect(await quietPassword(at('vault'), options)).toBeUndefined()
    const context = contextWith(options)
    context.ahead.begin(context)
    expect(await context.ahead.take(at('vault'))).toBeUndefined()
  }
  expect(fs.existsSync(at('asked'))).toBe(false)
  // What reaches these asks by itself.
  for (const location of ['sftp:backup@host:/vault', 'rclone:remote:vault']) {
    const context = contextWith({ passwordFile: at('password'), vault: [location] })
    context.ahead.begin(context)
    expect(await context.ahead.take(location)).toBeUndefined()
  }
})

it('says what goes wrong to who takes it, and to nobody else', async () => {
  vi.stubEnv('AIDATAVAULT_PASSWORD', 'falsch')
  const context = contextWith({})
  context.ahead.begin(context)
  context.ahead.begin(context)
  await expect(openVaultAt(at('vault'), context)).rejects.toMatchObject({ code: 'wrong-password' })
  context.ahead.begin(context)
  await context.ahead.drop()
  fs.writeFileSync(at('project/aidatavault.yml'), 'vault: [')
  context.ahead.begin(context)
  expect(await context.ahead.take(at('vault'))).toBeUndefined()
  expect(context.warnings).toEqual([])
})

it('warns of a storage that does not answer only where it is wanted, and waits for it no longer when dropped', async () => {
  vi.stubEnv('AIDATAVAULT_PASSWORD', 'geheim')
  const location = 'rest:http://127.0.0.1:1/'
  const wanted = contextWith({ vault: [location] })
  wanted.ahead.begin(wanted)
  const taking = wanted.ahead.take(location)
  taking.catch(() => {})
  await vi.waitFor(() => expect(wanted.warnings).not.toEqual([]), { timeout: 20_000 })
  const unwanted = contextWith({ vault: [location] })
  unwanted.ahead.begin(unwanted)
  await unwanted.ahead.drop()
  expect(unwanted.warnings).toEqual([])
})
