/** One thing that was compared after a recovery. */
export interface Check {
  /** For people: 'database db/app: rows of public.notes'. */
  readonly what: string
  readonly ok: boolean
  /** What was found; on failure also what was expected. Never a secret. */
  readonly detail: string
}
