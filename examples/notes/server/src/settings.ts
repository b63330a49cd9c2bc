/** What the server needs to know, all of it from the environment. The database's place is in PGHOST, PGUSER and so on. */
export interface Settings {
  readonly databasePassword: string
  readonly jwtSecret: string
  readonly apiKey: string
  readonly port: number
  readonly uploadsFolder: string
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]
  if (!value) throw new Error(`${name} is not set: copy server/.env.example to server/.env and fill it in`)
  return value
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    databasePassword: required(env, 'POSTGRES_PASSWORD'),
    jwtSecret: required(env, 'JWT_SECRET'),
    apiKey: required(env, 'API_KEY'),
    port: Number(env['PORT'] ?? 8080),
    uploadsFolder: env['UPLOADS'] ?? '/uploads',
  }
}
