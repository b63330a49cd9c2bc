import pg from 'pg'

export interface Note {
  readonly id: number
  readonly text: string
  readonly writtenAt: Date
}

const columns = 'id::int AS id, text, written_at AS "writtenAt"'

/** The notes, in PostgreSQL. */
export class Notes {
  readonly #pool: pg.Pool

  /** `password` opens the database that PGHOST, PGUSER and PGDATABASE name. */
  constructor(password: string) {
    this.#pool = new pg.Pool({ password, max: 5 })
    // A restart of the database ends idle connections: the pool opens new ones when they are next needed.
    this.#pool.on('error', error => console.error(`lost a connection to the database: ${error.message}`))
  }

  async createTable(): Promise<void> {
    await this.#pool.query(`
      CREATE TABLE IF NOT EXISTS notes (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        text text NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now()
      )`)
  }

  async add(text: string): Promise<Note> {
    const { rows } = await this.#pool.query<Note>(`INSERT INTO notes (text) VALUES ($1) RETURNING ${columns}`, [text])
    return rows[0]!
  }

  async list(): Promise<Note[]> {
    const { rows } = await this.#pool.query<Note>(`SELECT ${columns} FROM notes ORDER BY id`)
    return rows
  }

  async answers(): Promise<boolean> {
    return this.#pool.query('SELECT 1').then(
      () => true,
      () => false,
    )
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}
