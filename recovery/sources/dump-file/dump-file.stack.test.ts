import { execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from '../../../test/stack/engine.ts'
import { composeServer, type ComposeServer } from '../database/testing/compose-server.ts'
import { buildScene } from '../database/testing/scene.ts'
import { quietRun, warningsOf } from '../testing/test-project.ts'
import { dumpFileContent, inspectDump, openOldFile } from './index.ts'
import type { DumpFile } from './dump-file.ts'

const run = quietRun()

describe.skipIf(skipsStack)('dump files that the real programs wrote', { timeout: 300_000 }, () => {
  let server: ComposeServer
  let folder: string
  const at = (name: string) => path.join(folder, name)
  const reader = () => ({ access: server.access, programsHere: false })

  /** Through the container's shell, as the runbook has it; bytes, not text. */
  const dump = async (name: string, line: string): Promise<string> => {
    const file = at(name)
    await fs.writeFile(file, server.bytes('sh', '-c', line))
    return file
  }
  const inspect = async (file: string) => inspectDump((await openOldFile(file, run)) as DumpFile, reader(), run)

  /** Restores it beside; gives what pg_dump says of it. */
  async function restored(file: string, database?: string): Promise<string> {
    const content = dumpFileContent(await inspect(file), reader(), { database, allowUnsafe: false })
    const name = 'brought_back'
    const made = content.properties
    const how = made
      ? ` TEMPLATE template0 ENCODING '${made.encoding}' LC_COLLATE '${made.collate}' LC_CTYPE '${made.ctype}'`
      : ` TEMPLATE template0`
    await server.access.execute('postgres', `DROP DATABASE IF EXISTS ${name}`, { oneTransaction: false }, run)
    await server.access.execute('postgres', `CREATE DATABASE ${name}${how}`, { oneTransaction: false }, run)
    await content.makeRoles(server.access, 'postgres', run)
    await content.fill(server.access, name, 'whole', run)
    return said(name)
  }
  const said = (name: string): string =>
    server
      .bytes('pg_dump', '-U', 'postgres', '-d', `dbname='${name}'`)
      .toString('latin1')
      .replaceAll(/^\\(un)?restrict .*$/gm, '')

  beforeAll(async () => {
    server = await composeServer(run)
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-dumps-'))
    await buildScene(server.access, run)
  })
  afterAll(async () => {
    await server?.end()
    if (folder) await fs.rm(folder, { recursive: true })
  })

  it.each([
    ['as the runbook writes it', 'plain_20231027_143000.sql', 'pg_dump -U postgres shop'],
    ['with --clean', 'clean.sql', 'pg_dump -U postgres --clean shop'],
    ['with --create --clean', 'create.sql', 'pg_dump -U postgres --create --clean shop'],
    ['with rows as INSERT', 'inserts.sql', 'pg_dump -U postgres --inserts --rows-per-insert=100 shop'],
    ['verbose', 'verbose.sql', 'pg_dump -U postgres --verbose shop 2>/dev/null'],
    ['-Fc', 'custom.dump', 'pg_dump -U postgres -Fc shop'],
    ['-Fc, then gzip', 'custom.dump.gz', 'pg_dump -U postgres -Fc -Z0 shop | gzip'],
    ['-Ft', 'tar.tar', 'pg_dump -U postgres -Ft shop'],
  ])('brings back every object and row of a dump %s', async (_how, name, line) => {
    const file = await dump(name, line)
    expect(await restored(file)).toBe(said('shop'))
  })

  it('brings back a dump in a folder, and leaves nothing of it in the container', async () => {
    const tar = await dump(
      'folder.tar',
      'd=$(mktemp -d) && pg_dump -U postgres -Fd -f $d/x shop && tar -C $d -cf - x; rm -r $d',
    )
    execFileSync('tar', ['-xf', tar, '-C', folder])
    expect(await restored(at('x'))).toBe(said('shop'))
    expect(server.bytes('ls', '-A', '/tmp').toString()).toBe('')
    await fs.rm(
      path.join(
        at('x'),
        (await fs.readdir(at('x'))).find(name => name !== 'toc.dat')!,
      ),
    )
    await expect(inspect(at('x'))).rejects.toMatchObject({ code: 'file-unrecognized' })
  })

  it('brings back a dump that passed through Windows, or another compression', async () => {
    const plain = await fs.readFile(await dump('unix.sql', 'pg_dump -U postgres shop'), 'latin1')
    await fs.writeFile(at('windows.sql'), `\u00ef\u00bb\u00bf${plain.replaceAll('\n', '\r\n')}`, 'latin1')
    expect(await restored(at('windows.sql'))).toBe(said('shop'))
    for (const program of ['xz', 'zstd', 'bzip2']) {
      await fs.writeFile(at('packed'), execFileSync(program, ['-c'], { input: Buffer.from(plain, 'latin1') }))
      expect((await inspect(at('packed'))).databases.get('')?.rows.size).toBeGreaterThan(5)
      const packed = await fs.readFile(at('packed'))
      await fs.writeFile(at('packed'), packed.subarray(0, packed.length - 20))
      await expect(inspect(at('packed'))).rejects.toMatchObject({ code: 'file-unrecognized' })
    }
  })

  it('takes one database out of a dump of the whole server, with the passwords of its roles', async () => {
    const file = await dump('all.sql', 'pg_dumpall -U postgres')
    const inspected = await inspect(file)
    expect([...inspected.databases.keys()]).toEqual(expect.arrayContaining(['shop', 'latin', 'postgres']))
    expect(await restored(file, 'latin')).toBe(said('latin'))
    expect(await restored(file, 'shop')).toBe(said('shop'))
    expect(() => dumpFileContent(inspected, reader(), { allowUnsafe: false })).toThrow(/name|server/)
  })

  it('makes the roles that are missing, without login where the dump knows no password', async () => {
    const file = await dump('roles.sql', 'pg_dump -U postgres shop')
    await fs.writeFile(
      at('other.sql'),
      (await fs.readFile(file, 'latin1')).replaceAll(/\b(TO|FOR ROLE|AUTHORIZATION) app\b/g, '$1 stranger'),
      'latin1',
    )
    const noting = quietRun()
    const content = dumpFileContent(await inspect(at('other.sql')), reader(), { allowUnsafe: false })
    expect(await content.makeRoles(server.access, 'postgres', noting)).toEqual(['stranger'])
    expect(await content.makeRoles(server.access, 'postgres', noting)).toEqual([])
    expect(warningsOf(noting).join()).toContain('stranger')
    const [row] = await server.access.query(
      'postgres',
      `SELECT rolcanlogin AS login FROM pg_roles WHERE rolname = 'stranger'`,
      run,
    )
    expect(row?.['login']).toBe('f')
  })

  it('recognises each cut, wherever it is', async () => {
    const lines = [
      'pg_dump -U postgres shop',
      'pg_dump -U postgres -Fc shop',
      'pg_dump -U postgres -Ft shop',
      'pg_dumpall -U postgres',
    ]
    for (const [index, line] of lines.entries()) {
      const whole = await fs.readFile(await dump(`cut${index}`, line))
      for (const part of [0.03, 0.2, 0.5, 0.77, 0.95, 1]) {
        const length = Math.min(Math.floor(whole.length * part), whole.length - 200)
        await fs.writeFile(at('cut'), whole.subarray(0, length))
        await expect(inspect(at('cut')), `${line} cut at ${length}`).rejects.toMatchObject({
          code: 'file-unrecognized',
        })
      }
    }
  })

  it('says when it was made, of what, and by which program', async () => {
    const verbose = await inspect(await dump('v.sql', 'pg_dump -U postgres --verbose shop 2>/dev/null'))
    expect(verbose.date.from).toBe('the dump')
    expect(Math.abs(verbose.date.at.getTime() - Date.now())).toBeLessThan(600_000)
    expect(verbose.serverVersion).toMatch(/^17\./)
    const named = await inspect(await dump('backup_20231027_143000.sql', 'pg_dump -U postgres latin'))
    expect(named.date).toEqual({ at: new Date(2023, 9, 27, 14, 30, 0), from: 'its name' })
    const custom = await inspect(await dump('c.dump', 'pg_dump -U postgres -Fc latin'))
    expect([...custom.databases.keys()]).toEqual(['latin'])
  })

  it('refuses what may run programs or touch files, with its line, in whichever format', async () => {
    const evil = `CREATE DATABASE evil`
    await server.access.execute('postgres', evil, { oneTransaction: false }, run)
    await server.access.execute(
      'evil',
      `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT pg_read_file('/etc/passwd') $$`,
      { oneTransaction: true },
      run,
    )
    for (const format of ['p', 'c', 't']) {
      const inspected = await inspect(await dump(`evil.${format}`, `pg_dump -U postgres -F${format} evil`))
      expect(() => dumpFileContent(inspected, reader(), { allowUnsafe: false })).toThrow(/line \d+: .*pg_read_file/)
      expect(dumpFileContent(inspected, reader(), { allowUnsafe: true }).from).toBe(`evil.${format}`)
    }
  })
})
