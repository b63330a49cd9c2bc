import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { runProgram } from '../../drivers/process/index.ts'

const exampleFolder = path.resolve(import.meta.dirname, '../../../examples/notes')

const identity = {
  GIT_AUTHOR_NAME: 'Demo',
  GIT_AUTHOR_EMAIL: 'demo@example.org',
  GIT_COMMITTER_NAME: 'Demo',
  GIT_COMMITTER_EMAIL: 'demo@example.org',
  GIT_CONFIG_GLOBAL: '/dev/null',
}

export interface Secrets {
  readonly password: string
  readonly apiKey: string
}

/**
 * The example application as a developer has it at five in the afternoon: a pushed commit, an unpushed one, a stash,
 * staged, changed and untracked files, and secrets that git ignores. `remote` becomes a bare repository beside it.
 * `adapt` changes the files before the first commit.
 */
export async function buildCode(root: string, remote: string, adapt: () => Promise<void>): Promise<Secrets> {
  const git = async (...args: string[]) =>
    void (await runProgram({ command: 'git', args: ['-C', root, ...args], env: identity }))
  await fs.cp(exampleFolder, root, {
    recursive: true,
    filter: from => !/node_modules|\.env$/.test(path.relative(exampleFolder, from)),
  })
  await fs.appendFile(path.join(root, '.gitignore'), 'uploads/\npostgres-data/\n')
  await adapt()
  await git('init', '--quiet', '--initial-branch', 'main')
  await runProgram({ command: 'git', args: ['init', '--quiet', '--bare', remote], env: identity })
  await git('remote', 'add', 'origin', remote)
  await commit(git, 'The notes application')
  await git('push', '--quiet', '--set-upstream', 'origin', 'main')
  await fs.appendFile(path.join(root, 'README.md'), '\nA sentence that was committed and never pushed.\n')
  await commit(git, 'An unpushed commit')
  await fs.appendFile(path.join(root, 'README.md'), '\nAn idea that was put aside.\n')
  await git('stash', 'push', '--quiet', '--message', 'an idea')
  await fs.writeFile(path.join(root, 'staged.txt'), 'staged, never committed\n')
  await git('add', 'staged.txt')
  await fs.appendFile(path.join(root, 'README.md'), '\nA sentence that was never even staged.\n')
  await fs.writeFile(path.join(root, 'untracked.txt'), 'git has never heard of this file\n')
  return writeSecrets(root)
}

async function commit(git: (...args: string[]) => Promise<void>, message: string): Promise<void> {
  await git('add', '--all')
  await git('commit', '--quiet', '--message', message)
}

async function writeSecrets(root: string): Promise<Secrets> {
  const secrets = { password: randomBytes(16).toString('hex'), apiKey: randomBytes(24).toString('hex') }
  const jwtSecret = randomBytes(32).toString('hex')
  const text = `POSTGRES_PASSWORD=${secrets.password}\nJWT_SECRET=${jwtSecret}\nAPI_KEY=${secrets.apiKey}\n`
  await fs.writeFile(path.join(root, 'server/.env'), text, { mode: 0o600 })
  return secrets
}
