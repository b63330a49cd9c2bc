import type { Run } from '../../domain/run.ts'

/** Everything about the throwaway application that must come back, in a form that can be compared: a line for each fact. */
export type ApplicationState = ReadonlyMap<string, string>

/** The throwaway application of a demo, one for each way of running PostgreSQL. */
export interface DemoStage {
  /** For people: 'Docker Compose', 'embedded PostgreSQL'. */
  readonly way: string
  /** The project's folder; it is made by `build` and gone after `destroy`. */
  readonly root: string
  /** A small but real state: unpushed and uncommitted code, secrets, rows, uploads. */
  build(run: Run): Promise<void>
  /** Reads everything from the running application, not through this program's own sources. */
  readState(run: Run): Promise<ApplicationState>
  /** Containers, volumes, folder and git remote: all gone. */
  destroy(run: Run): Promise<void>
  /** Called after the recovery, before the state is read again. */
  start(run: Run): Promise<void>
  /** Takes away whatever is left, also after a failure at any point. */
  cleanUp(): Promise<void>
}
