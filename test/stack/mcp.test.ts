import fs from 'node:fs/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ElicitRequestSchema, type CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { Sandbox, vaultPassword } from './sandbox.ts'
import { commitFiles, countNotes, fillDatabase, postgresService, serverOf, writeFiles } from './small-project.ts'
import { ask } from './database-state.ts'

const secrets = ['not-for-any-assistant', 'pa$word', vaultPassword]
const composeFile = `
services:
  db:${postgresService('data')}
    env_file: .env
volumes:
  data:
`

describe.skipIf(skipsStack)('the server for coding assistants', { timeout: 300_000 }, () => {
  let sandbox: Sandbox
  const clients: Client[] = []
  const texts: string[] = []
  const asked: string[] = []

  /** A client whose person answers so; undefined: one that can ask nobody. */
  async function connect(answer?: { action: 'accept' | 'decline'; confirm?: boolean }): Promise<Client> {
    const client = new Client({ name: 'test', version: '1' }, { capabilities: answer ? { elicitation: {} } : {} })
    if (answer)
      client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        asked.push(params.message)
        return { action: answer.action, content: { confirm: answer.confirm ?? true } }
      })
    const [command = '', ...args] = sandbox.argv(['--project-directory', sandbox.project, 'mcp'])
    const env = Object.fromEntries(
      Object.entries({ ...process.env, ...sandbox.env() }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>
    await client.connect(new StdioClientTransport({ command, args, env, cwd: sandbox.folder, stderr: 'ignore' }))
    clients.push(client)
    return client
  }

  async function use(client: Client, name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> {
    const result = (await client.callTool({ name, arguments: args }, undefined, { timeout: 250_000 })) as CallToolResult
    texts.push(textOf(result))
    return result
  }
  const textOf = ({ content }: CallToolResult) => content.map(part => (part.type === 'text' ? part.text : '')).join('')
  const documentOf = <T>(result: CallToolResult) => JSON.parse(textOf(result)) as T

  beforeAll(async () => {
    sandbox = await Sandbox.make('mcp')
    await writeFiles(sandbox.project, { 'docker-compose.yml': composeFile, '.gitignore': '.env\n' })
    await fs.writeFile(`${sandbox.project}/.env`, 'API_SECRET=not-for-any-assistant\n')
    await commitFiles(sandbox)
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept')
    const { stdout } = await sandbox.succeeds(['init', sandbox.vault, '--json'])
    secrets.push((JSON.parse(stdout) as { recoveryCode: string }).recoveryCode)
  }, 300_000)

  afterAll(async () => {
    for (const client of clients) await client.close()
    await sandbox.end()
  }, 120_000)

  it('takes points, lists, shows and compares them', async () => {
    const client = await connect()
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'diff_points',
      'list_points',
      'plan_restore',
      'restore',
      'show_point',
      'status',
      'take_point',
    ])
    const { point } = documentOf<{ point: string }>(await use(client, 'take_point', { tag: 'before-work' }))
    await fs.writeFile(`${sandbox.project}/.env`, 'API_SECRET=not-for-any-assistant-2\n')
    await ask(serverOf(sandbox), 'postgres', "INSERT INTO notes (text) VALUES ('since then')")
    await use(client, 'take_point')
    expect(documentOf<unknown[]>(await use(client, 'list_points'))).toHaveLength(2)
    expect(documentOf(await use(client, 'show_point', { point: point.slice(0, 8) }))).toMatchObject({ point })
    const diff = documentOf<{ config: unknown[] }>(await use(client, 'diff_points', { from: point, to: 'latest' }))
    expect(diff.config).toHaveLength(1)
    expect(documentOf(await use(client, 'status'))).toMatchObject({ project: sandbox.name })
    const plan = await use(client, 'plan_restore', { what: 'database', name: 'db', point })
    expect(textOf(plan)).toContain('1001 rows now, 1000 rows in the point')
    await use(client, 'plan_restore', { what: 'config', point })
  })

  it('restores nothing where nobody can be asked, and says what a person can run', async () => {
    const refused = await use(await connect(), 'restore', { what: 'database', name: 'db' })
    expect(refused.isError).toBe(true)
    expect(textOf(refused)).toMatch(/aidatavault restore database --point=[0-9a-f]{64} -- db$/)
  })

  it('restores nothing when the person says no, or does not say yes', async () => {
    for (const answer of [{ action: 'decline' }, { action: 'accept', confirm: false }] as const)
      expect((await use(await connect(answer), 'restore', { what: 'config' })).isError).toBe(true)
    expect(await fs.readFile(`${sandbox.project}/.env`, 'utf8')).toContain('-2')
  })

  it('restores when the person agrees to what is shown', async () => {
    await ask(serverOf(sandbox), 'postgres', 'DELETE FROM notes')
    const done = await use(await connect({ action: 'accept' }), 'restore', { what: 'database', name: 'db' })
    expect(done.isError, textOf(done)).toBeUndefined()
    expect(asked.at(-1)).toContain('0 rows now, 1001 rows in the point')
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
  })

  it('takes no word for an option, and says what is wrong', async () => {
    const client = await connect()
    const wrong = await use(client, 'show_point', { point: '--all' })
    expect(wrong.isError).toBe(true)
    expect(documentOf(wrong)).toMatchObject({ error: { code: 'point-unknown' } })
    expect((await use(client, 'plan_restore', { what: 'volume', name: '--yes' })).isError).toBe(true)
  })

  it('never says a secret, nor shows one to the person', () => {
    expect(texts.length).toBeGreaterThan(10)
    for (const text of [...texts, ...asked]) for (const secret of secrets) expect(text).not.toContain(secret)
  })
})
