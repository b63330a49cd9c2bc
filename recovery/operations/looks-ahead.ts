import fs from 'node:fs/promises'
import { lookAhead, type Looking } from '../../vault/index.ts'
import type { Clock } from '../domain/run.ts'
import type { Project } from '../project/project.ts'
import type { BackupPlan } from './backup-plan.ts'

/**
 * Looks at folders of a backup before their turn: at one, the first in which there is much. To be begun when they may be captured as
 * they are, and not before: what was seen can get into the point.
 */
export class LooksAhead {
  #beginning: Promise<void> | undefined
  #folder: string | undefined
  #looking: Looking | undefined
  #since: Date | undefined
  #isOver = false

  /** For who works alone in the project, and has yet to open a vault. Does nothing where more has to happen first. */
  beginAtOnce(project: Project, plan: BackupPlan, clock: Clock): void {
    const waits =
      plan.servers.length > 0 || plan.quiet || plan.cold || (plan.hooks && project.config.hooks?.beforeCapture)
    if (waits) return
    this.#since = clock.now()
    this.begin(plan)
  }

  /** What is seen may be from then on: a point of it is not newer. undefined where nothing has begun yet, or is used any more. */
  get since(): Date | undefined {
    return this.#isOver ? undefined : this.#since
  }

  /** From now on all of the plan's folders may be captured. Never of a stopped server's files: who is sure of the stop looks then. */
  begin({ volumes, cold }: BackupPlan): void {
    const folders = volumes.filter(({ kind, isFile, key }) => kind === 'bind' && !isFile && !cold?.has(key))
    this.#beginning ??= this.#begin(folders.map(({ name }) => name))
  }

  /** What has begun to look at this folder, if something has. */
  at(folder: string): Looking | undefined {
    return folder === this.#folder ? this.#looking : undefined
  }

  async end(): Promise<void> {
    this.#isOver = true
    this.#beginning ??= Promise.resolve()
    await this.#looking?.end()
    await this.#beginning
  }

  async #begin(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const folder = await fs.realpath(name).catch(() => undefined)
      if (this.#isOver) return
      if (folder === undefined) continue
      this.#folder = folder
      this.#looking = lookAhead(folder)
      if (await this.#looking.begun) return
      await this.#looking.end()
      this.#folder = undefined
    }
  }
}
