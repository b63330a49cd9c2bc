/** The parts of a project that a command can destroy. */
export type Part = 'code' | 'config' | 'databases' | 'volumes'

/** What is taken where nobody says what a command destroys. */
export const everything: readonly Part[] = ['code', 'config', 'databases', 'volumes']

/**
 * Commands that destroy, as data. `command`: its words in this order, the program first; an option in any place, `-v|--volumes`
 * for either, `!--dry-run` for one that makes it harmless; `db:drop|db:reset` for either word. What the guide lists is this list.
 */
export interface Rule {
  readonly command: string
  readonly endangers: readonly Part[]
}

const data: readonly Part[] = ['databases', 'volumes']
const files: readonly Part[] = ['code', 'config']

const endangering = (endangers: readonly Part[], commands: readonly string[]): readonly Rule[] =>
  commands.map(command => ({ command, endangers }))

export const rules: readonly Rule[] = [
  ...endangering(data, [
    'docker compose down -v|--volumes',
    'docker compose rm -v|--volumes !-n',
    'docker compose up -V|--renew-anon-volumes',
    'docker volume rm|remove',
    'docker volume prune',
    'docker system prune --volumes',
    'docker rm -v|--volumes',
    'docker container rm -v|--volumes',
  ]),
  ...endangering(
    ['databases'],
    [
      'dropdb',
      'dropuser',
      'pg_restore -c|--clean',
      'pg_resetwal !-n|--dry-run',
      'prisma migrate reset',
      'prisma db push --force-reset|--accept-data-loss',
      'rails|rake db:drop|db:drop:all|db:reset|db:setup|db:migrate:reset|db:schema:load|db:purge|db:truncate_all|db:seed:replant',
      'manage.py|django-admin|django flush|reset_db',
      'manage.py|django-admin|django migrate zero',
      'sequelize|sequelize-cli db:drop|db:migrate:undo:all',
      'knex migrate:rollback --all',
      'typeorm|typeorm-ts-node-esm|typeorm-ts-node-commonjs schema:drop',
      'mikro-orm schema:drop|schema:fresh|migration:fresh|database:drop',
      'drizzle-kit push --force',
      'drizzle-kit drop',
      'artisan migrate:fresh|migrate:refresh|migrate:reset|db:wipe',
      'console doctrine:database:drop|doctrine:schema:drop|doctrine:fixtures:load',
      'alembic downgrade base',
      'flask db downgrade base',
      'aerich downgrade',
      'flyway clean',
      'liquibase drop-all|dropAll',
      'mix ecto.drop|ecto.reset',
      'dotnet ef database drop',
      'diesel database reset|drop',
      'diesel migration redo|revert -a|--all',
      'sqlx database drop|reset',
      'sea-orm-cli migrate fresh|refresh|reset',
      'dbmate drop',
      'migrate drop',
      'goose reset|down-to',
      'supabase db reset',
      'medusa db:drop',
    ],
  ),
  // Also what git ignores: env files, and folders that services mount.
  ...endangering(everything, ['git clean -x|-X !-n|--dry-run', 'find -delete']),
  ...endangering(files, [
    'git clean !-n|--dry-run',
    'git reset --hard|--merge',
    'git checkout .',
    'git checkout --',
    'git checkout -f|--force',
    'git switch -f|--force|--discard-changes',
    'git restore !-S|--staged',
    'git stash drop|clear',
    'git branch -D',
    'git worktree remove -f|--force',
    'git reflog expire|delete',
    'git gc --prune',
    'git filter-branch|filter-repo',
  ]),
]
