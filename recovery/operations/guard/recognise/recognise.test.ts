import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dangersOfLine, dangersOfWords, type Danger } from './recognise.ts'
import { rules } from './rules.ts'

let folder: string
const write = (name: string, text: string) => {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
  fs.writeFileSync(path.join(folder, name), text)
}
beforeAll(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'guard-')))
  write('shop/docker-compose.yml', 'services:\n  app:\n    volumes: ["./data/uploads:/uploads"]\n')
  write('shop/.env', 'A=b\n')
  write('shop/data/uploads/a', 'a')
  write('shop/src/main.js', '')
  write('shop/dist/main.js', '')
  write('shop/.gitignore', 'dist\ndata\n')
  write('shop/drop.sql', '-- away with it\nDROP TABLE notes;\n')
  write('shop/read.sql', "SELECT 'drop table';\n")
  write('shop/package.json', JSON.stringify({ scripts: { 'db:reset': 'prisma migrate reset -f', test: 'vitest' } }))
  write('other/notes.txt', '')
  spawnSync('git', ['init', '--quiet', path.join(folder, 'shop')])
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const around = () => ({ cwd: path.join(folder, 'shop'), env: { HOME: folder } })
const dangers = (line: string): readonly Danger[] => dangersOfLine(line, around())
const endangers = (line: string) => [...new Set(dangers(line).flatMap(danger => danger.endangers))].sort().join()

describe('what destroys is recognised', () => {
  it.each([
    ['docker compose down -v', 'databases,volumes'],
    ['docker compose -p shop -f a.yml down --remove-orphans --volumes', 'databases,volumes'],
    ['docker-compose down -vt 5', 'databases,volumes'],
    ['/usr/local/bin/docker-compose --profile x down -v', 'databases,volumes'],
    ['COMPOSE_PROJECT_NAME=x sudo -E docker compose down --volumes=true', 'databases,volumes'],
    ['docker compose rm -fsv db', 'databases,volumes'],
    ['docker compose rm -f -s -v db', 'databases,volumes'],
    ['docker volume rm shop_data', 'databases,volumes'],
    ['docker volume prune -af', 'databases,volumes'],
    ['docker system prune -a --volumes', 'databases,volumes'],
    ['echo yes | docker volume rm x && ls', 'databases,volumes'],
    [`sh -c 'cd /x && docker compose down -v'`, 'databases,volumes'],
    [`bash -lc "docker compose down -v"`, 'databases,volumes'],
    ['if true; then docker compose down -v; fi', 'databases,volumes'],
    ['echo $(docker volume prune -f)', 'databases,volumes'],
    ['(docker compose down -v)', 'databases,volumes'],
    [`psql -c 'DROP TABLE notes'`, 'databases'],
    [`psql -Atc "delete from notes"`, 'databases'],
    [`psql --command='truncate notes'`, 'databases'],
    [`psql -c "UPDATE notes SET text = ''"`, 'databases'],
    ['psql -f drop.sql', 'databases'],
    ['psql -fdrop.sql', 'databases'],
    ['psql < drop.sql', 'databases'],
    ['cat drop.sql | psql', 'databases'],
    ['zcat dump.gz | psql', 'databases'],
    [`psql <<SQL\nDROP TABLE notes;\nSQL`, 'databases'],
    [`psql <<< 'DROP TABLE notes'`, 'databases'],
    [`docker compose exec -T db psql -U postgres -c 'DROP DATABASE app'`, 'databases'],
    [`docker compose exec -T db psql -U postgres < drop.sql`, 'databases'],
    [`docker exec -i shop-db-1 sh -c 'psql -c "TRUNCATE notes"'`, 'databases'],
    [`docker compose exec db psql -f /somewhere.sql`, 'databases'],
    ['docker compose exec db dropdb app', 'databases'],
    ['docker compose run --rm -v a:b app npx prisma migrate reset --force', 'databases'],
    ['npx --yes prisma db push --force-reset', 'databases'],
    ['pnpm exec prisma migrate reset', 'databases'],
    ['yarn prisma migrate reset', 'databases'],
    ['npm run db:reset', 'databases'],
    ['yarn db:reset', 'databases'],
    ['bundle exec rails db:drop db:create', 'databases'],
    ['bin/rails db:reset', 'databases'],
    ['RAILS_ENV=development bin/rake db:setup', 'databases'],
    ['python3 manage.py flush --no-input', 'databases'],
    ['./manage.py reset_db', 'databases'],
    ['python -m django flush', 'databases'],
    ['npx sequelize-cli db:drop', 'databases'],
    ['knex migrate:rollback --all', 'databases'],
    ['typeorm schema:drop -d x.ts', 'databases'],
    ['poetry run alembic -c a.ini downgrade base', 'databases'],
    ['php artisan migrate:fresh --seed', 'databases'],
    ['npx drizzle-kit push --force', 'databases'],
    ['flyway -url=x clean', 'databases'],
    ['git clean -fdx', 'code,config,databases,volumes'],
    ['git clean -fd', 'code,config'],
    ['git -C . reset --hard HEAD~1', 'code,config'],
    ['git checkout -- .', 'code,config'],
    ['git checkout .', 'code,config'],
    ['git restore src', 'code,config'],
    ['git stash drop', 'code,config'],
    ['git stash clear', 'code,config'],
    ['cd .. && rm -rf shop', 'code,config,databases,volumes'],
    ['rm -rf .', 'code,config,databases,volumes'],
    ['rm -rf *', 'code,config,databases,volumes'],
    ['rm -r data', 'code,config,databases,volumes'],
    ['rm -rf ./data/uploads', 'code,config,databases,volumes'],
    ['rm .env', 'code,config'],
    ['rm -rf src', 'code,config'],
    ['rm -rf .git', 'code'],
  ])('%s', (line, parts) => expect(endangers(line)).toBe(parts))
})

describe('what destroys nothing is left alone', () => {
  it.each([
    'docker compose down',
    'docker compose up -d',
    'docker compose down --volumes=false',
    'docker run --rm -v data:/data alpine ls',
    'docker volume ls',
    'docker system prune',
    `psql -c "SELECT 'DROP TABLE notes'"`,
    `psql -c 'DELETE FROM notes WHERE id = 1'`,
    `psql -c "UPDATE notes SET text = '' WHERE id = 1"`,
    'psql -f read.sql',
    'psql app',
    'cat read.sql | psql',
    `echo 'docker compose down -v'`,
    'ls # docker compose down -v',
    'prisma migrate deploy',
    'rails db:migrate',
    'alembic downgrade -1',
    'git clean -n',
    'git reset HEAD~1',
    'git checkout main',
    'git restore --staged .',
    'git stash',
    'rm -rf dist',
    'rm src/main.js',
    'rm -rf ../other',
    'npm run test',
    'npm test',
    'npm install',
    '',
    `'`,
    '$(',
  ])('%s', line => expect(endangers(line)).toBe(''))
})

it('says which project is meant', () => {
  const [danger] = dangers('cd sub && docker compose -p shop2 -f ../docker-compose.yml --profile a down -v')
  expect(danger?.addressed).toEqual({
    ...{ directory: path.join(folder, 'shop'), files: [path.join(folder, 'shop', 'docker-compose.yml')] },
    ...{ profiles: ['a'], projectName: 'shop2' },
  })
  expect(dangers('git -C src reset --hard')[0]?.addressed.directory).toBe(path.join(folder, 'shop', 'src'))
})

it('takes the words of a program as they are, without a shell', () => {
  expect(dangersOfWords(['docker', 'compose', 'down', '-v'], around())).toHaveLength(1)
  expect(dangersOfWords(['echo', 'x; docker compose down -v'], around())).toEqual([])
})

it('knows more commands where it is told of them', () => {
  const more = { ...around(), rules: [{ command: 'make reset', endangers: ['databases'] as const }] }
  expect(dangersOfLine('make -s reset', more)).toHaveLength(1)
})

it('has no rule that its own words do not fulfil', () => {
  for (const { command } of rules) {
    const words = command.split(' ').filter(word => !word.startsWith('!'))
    const line = words.map(word => word.split('|')[0]).join(' ')
    expect(dangersOfLine(line, around()), command).not.toEqual([])
  }
})

it('lists every rule in the guide, and no other', () => {
  const guide = fs.readFileSync(path.join(import.meta.dirname, '../../../../docs/guide/guard.md'), 'utf8')
  const listed = [...guide.matchAll(/^- `([^`]+)`$/gm)].map(([, command]) => command)
  expect(listed).toEqual(rules.map(({ command }) => command))
})
