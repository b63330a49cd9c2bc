import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quietRun } from '../../sources/testing/test-project.ts'
import { findPrograms, parseMajor } from './find-programs.ts'

let top: string
beforeAll(async () => {
  top = await mkdtemp(path.join(os.tmpdir(), 'aidatavault-test-'))
  await fake('18', 'pg_dump (PostgreSQL) 18.1', ['pg_dump', 'psql'])
  await fake('9', 'pg_dump (PostgreSQL) 9.6.24 (Debian 9.6)', ['pg_dump', 'psql'])
  await fake('16', 'pg_dump (PostgreSQL) 16.3', ['pg_dump'])
  await fake('15', 'cannot open shared object file', ['pg_dump', 'psql'])
})
afterAll(() => rm(top, { recursive: true }))

async function fake(name: string, says: string, programs: readonly string[]): Promise<void> {
  const folder = path.join(top, name, 'bin')
  await mkdir(folder, { recursive: true })
  for (const program of programs) {
    await writeFile(path.join(folder, program), `#!/bin/sh\necho '${says}'\n`)
    await chmod(path.join(folder, program), 0o755)
  }
}

describe('client programs', () => {
  it('are found where all of them are and run, the oldest version first', async () => {
    const found = await findPrograms(['pg_dump', 'psql'], quietRun(), [`${top}/*/bin`])
    expect(found.filter(({ folder }) => folder.startsWith(top))).toEqual([
      { folder: path.join(top, '9', 'bin'), major: 9 },
      { folder: path.join(top, '18', 'bin'), major: 18 },
    ])
  })

  it.each([
    ['pg_dump (PostgreSQL) 17.10 (Debian 17.10-1.pgdg12+1)', 17],
    ['postgres (PostgreSQL) 18beta1', 18],
    ['pg_dump 17', undefined],
    ['', undefined],
  ])('tell their version: %j', (said, major) => {
    expect(parseMajor(said)).toBe(major)
  })
})
