import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { Sandbox } from './sandbox.ts'
import { commitFiles, containerOf, idleService, inService, postgresService, serverOf, writeFiles } from './small-project.ts' // prettier-ignore

/** `spare` keeps its data on no volume that has a name. */
const composeFile = `
services:
  db:${postgresService('data')}
  spare:${postgresService('unused').replace('    volumes:\n      - unused:/var/lib/postgresql/data\n', '')}
  app:${idleService}
    env_file: .env
    volumes:
      - uploads:/uploads
      - ./media:/media
volumes:
  data:
  uploads:
`

interface Source {
  readonly what: string
  readonly light: string
  readonly fix: string | null
  readonly problem?: string
  readonly changes: Record<string, unknown>
}
interface Document {
  readonly light: string
  readonly code: string | null
  readonly exitCode: number
  readonly verdict: { readonly text: string; readonly loses: string }
  readonly lines: readonly { readonly light: string; readonly what: string; readonly fix: string | null }[]
  readonly sources: readonly Source[]
  readonly gaps: readonly { readonly what: string; readonly why: string }[]
  readonly vaults: readonly { readonly light: string; readonly code: string | null; readonly freeBytes: number }[]
}

describe.skipIf(skipsStack)('status', { timeout: 300_000 }, () => {
  let sandbox: Sandbox
  const git = (...args: string[]) =>
    sandbox.must(['git', '-c', 'user.name=A', '-c', 'user.email=a@example.invalid', ...args])

  // On a busy machine an answer may take longer than a person wants to wait.
  async function look(env: Record<string, string | undefined> = {}, wait = ['--wait']): Promise<Document> {
    const { code, stdout, stderr } = await sandbox.aidatavault(['status', '--json', ...wait], { env })
    const document = JSON.parse(stdout) as Document
    expect(document.exitCode, stderr).toBe(code)
    return document
  }
  const source = ({ sources }: Document, what: string) => sources.find(found => found.what === what)

  beforeAll(async () => {
    sandbox = await Sandbox.make('status')
    await writeFiles(sandbox.project, {
      ...{ 'docker-compose.yml': composeFile, 'README.md': 'small\n', '.gitignore': '.env\nmedia/\n' },
      ...{ '.env': 'API_KEY=not-for-anybody\n', '.env.example': 'API_KEY=\nMAIL_KEY=\n', 'media/a.jpg': 'a photo\n' },
    })
    await commitFiles(sandbox)
    await sandbox.compose('up', '--detach', '--wait')
    await ask(serverOf(sandbox), 'postgres', 'CREATE TABLE notes AS SELECT generate_series(1, 10) AS id')
    await inService(containerOf(sandbox, 'app'), 'head -c 3000000 /dev/urandom >/srv/in-the-container')
  }, 300_000)

  afterAll(() => sandbox.end(), 120_000)

  it('of a project without a vault says that nothing would come back, and what to do', async () => {
    const found = await look()
    expect(found).toMatchObject({ code: 'at-risk', verdict: { loses: 'everything' } })
    expect(found.sources.map(({ what, light }) => `${what}: ${light}`)).toEqual(
      ['code', 'configuration', 'database db', 'database spare', 'volume uploads', 'volume media'].map(
        what => `${what}: red`,
      ),
    )
    expect(new Set(found.sources.map(({ fix }) => fix))).toEqual(new Set(['aidatavault init VAULT']))
  })

  it('after a backup is red nowhere, and names what no point brings back', async () => {
    await sandbox.succeeds(['init', sandbox.vault])
    await git('add', '.')
    await git('commit', '--quiet', '-m', 'protected')
    await sandbox.succeeds(['backup'])
    const found = await look()
    expect(found.lines.filter(({ light }) => light === 'red')).toEqual([])
    expect(found.sources.map(({ light }) => light)).toEqual(Array(6).fill('green'))
    expect(source(found, 'code')?.changes).toMatchObject({ changed: false, commits: 0, files: 0 })
    const gaps = found.gaps.map(({ what, why }) => `${what}: ${why}`).join('\n')
    expect(gaps).toMatch(/data directory of spare: .*anonymous volume/)
    expect(gaps).toMatch(/-app-1: .*2\.9 MiB in its own layer/)
    expect(gaps).toMatch(/\.env: it lacks MAIL_KEY/)
    expect(JSON.stringify(found)).not.toContain('not-for-anybody')
    expect(found.vaults[0]?.freeBytes).toBeGreaterThan(0)
  })

  it('counts what came since: commits, files in no commit, rows, databases, secrets, files of volumes', async () => {
    await writeFiles(sandbox.project, { 'README.md': 'changed\n', '.env': 'API_KEY=a-new-one\n' })
    await git('commit', '--quiet', '--all', '-m', 'second')
    await writeFiles(sandbox.project, { 'new.txt': 'of today\n', 'media/b.jpg': 'another photo\n' })
    await ask(serverOf(sandbox), 'postgres', 'INSERT INTO notes SELECT generate_series(1, 1234)')
    await ask(serverOf(sandbox), 'postgres', 'CREATE DATABASE second')
    await inService(containerOf(sandbox, 'app'), 'echo a photo >/uploads/a.jpg')
    const found = await look()
    expect(source(found, 'code')?.changes).toMatchObject({ commits: 1, unpushed: 1, files: 1, uncommitted: 1 })
    expect(source(found, 'configuration')?.changes).toMatchObject({ names: ['.env'] })
    const { rows, walBytes, databases } = source(found, 'database db')!.changes
    expect(rows).toBeGreaterThanOrEqual(1234)
    expect(walBytes).toBeGreaterThan(1234)
    expect(databases).toEqual(['second'])
    expect(source(found, 'volume media')?.changes).toMatchObject({ files: 1 })
    expect(source(found, 'volume uploads')?.changes).toMatchObject({ files: 1 })
    expect(found.verdict.text).toMatch(
      /you would lose 1 commit, 1 uncommitted file, 1 configuration file, the whole database second, ~[\d,]+ rows and 2 files on volumes/,
    )
  })

  it('asks a hung database no longer than it has to, and tells everything else', async () => {
    await sandbox.must(['docker', 'kill', '--signal', 'STOP', containerOf(sandbox, 'db')])
    try {
      const found = await look({}, [])
      expect(source(found, 'database db')?.changes).toMatchObject({ changed: null, why: 'did not answer in 2 s' })
      expect(found.gaps.map(({ what }) => what)).toContain('data directory of spare')
      expect(found.verdict.text).toContain('What changed in database db is not known')
    } finally {
      await sandbox.must(['docker', 'kill', '--signal', 'CONT', containerOf(sandbox, 'db')])
    }
  })

  it('a database that was stopped is named with the command that starts it', async () => {
    await sandbox.compose('stop', '--timeout', '2', 'spare')
    expect(source(await look(), 'database spare')).toMatchObject({
      ...{ light: 'yellow', fix: 'docker compose up --detach --wait spare' },
      problem: 'it is not running, so its databases cannot be captured',
    })
  })

  it('without a vault that opens tells what is local, why it stays closed, and asks nobody', async () => {
    const without = { AIDATAVAULT_PASSWORD: undefined, XDG_CONFIG_HOME: sandbox.at('nothing') }
    const locked = await look(without)
    expect(locked).toMatchObject({ code: 'bad-input', verdict: { loses: 'unknown' } })
    expect(source(locked, 'code')?.changes).toMatchObject({ uncommitted: 1 })
    await fs.rename(sandbox.vault, sandbox.at('away'))
    const gone = await look()
    expect(gone).toMatchObject({ code: 'vault-missing', vaults: [{ light: 'red', code: 'vault-missing' }] })
    expect(gone.gaps.map(({ what }) => what)).toContain('.env')
    await fs.rename(sandbox.at('away'), sandbox.vault)
  })

  it('of a folder whose files are gone says what brings them back', async () => {
    await fs.rm(`${sandbox.project}/docker-compose.yml`)
    const { code, stdout } = await sandbox.aidatavault(['status', '--wait'])
    expect(code, stdout).toBe(30)
    expect(stdout).toMatch(
      /✗ ACT +docker-compose\.yml +gone; the newest point has it, and database db, database spare, volume uploads/,
    )
    expect(stdout).toContain('aidatavault restore code')
  })
})
