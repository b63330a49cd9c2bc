import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { cheapScrypt } from '../../../../vault/testing/test-repository.ts'
import { createVault, openStorage, type Vault } from '../../../../vault/index.ts'
import { composeCli, dockerCli } from '../../../drivers/docker/index.ts'
import { discoverProject } from '../../../project/index.ts'
import { filesOf, GitSandbox, stateOf } from '../../../sources/testing/git-sandbox.ts'
import { quietRun } from '../../../sources/testing/test-project.ts'
import { planBackup } from '../../backup-plan.ts'
import { backup } from '../../backup.ts'
import type { Restoration } from '../restoration.ts'

const tools = { engine: dockerCli(), compose: composeCli() }

/** A project without Compose in a sandbox, and a vault on disk beside it. */
export class LivingProject {
  readonly sandbox: GitSandbox
  readonly #vault: Vault

  private constructor(sandbox: GitSandbox, vault: Vault) {
    this.sandbox = sandbox
    this.#vault = vault
  }

  /** `script` runs in its folder. */
  static async make(script: string): Promise<LivingProject> {
    const sandbox = new GitSandbox()
    const first = { password: 'test', username: 'user', hostname: 'host', scrypt: cheapScrypt }
    const vault = await createVault(openStorage(sandbox.at('vault')), first)
    sandbox.sh(`mkdir shop; cd shop; printf 'name: shop\\nid: shop-0123456789\\n' > aidatavault.yml; ${script}`)
    return new LivingProject(sandbox, vault)
  }

  get root(): string {
    return this.sandbox.at('shop')
  }

  sh(script: string): string {
    return this.sandbox.sh(script, 'shop')
  }

  async restoration(): Promise<Restoration> {
    const run = quietRun()
    return { project: await discoverProject({ directory: this.root }, tools, run), vault: this.#vault, tools, run }
  }

  /** Resolves to the point's id. */
  async backup(): Promise<string> {
    const { project, run } = await this.restoration()
    return (await backup(project, planBackup(project), this.#vault, [], tools, run)).snapshot.id
  }

  /** All that git says, every file of the code, and what git ignores. */
  state(): Record<string, string> {
    return { ...stateOf(this.sandbox, 'shop'), files: this.files(), ignored: this.ignored() }
  }

  files(): string {
    return filesOf(this.sandbox, 'shop').replace(/^\.\/\.aidatavault .*\n/m, '')
  }

  ignored(): string {
    return this.sh(
      `git ls-files --others --ignored --exclude-standard | grep -v '^.aidatavault/' | while read -r f; do echo "$f $(stat -c %a "$f") $(sha256sum <"$f")"; done`,
    )
  }

  /** Restores in a program that is killed at a step, or after so many moves of files in it. */
  restoreAndDie(kind: string, point: string, step: string, moves: number): NodeJS.Signals | null {
    const program = path.join(import.meta.dirname, 'restore-and-die.ts')
    const args = [program, kind, this.root, this.sandbox.at('vault'), point, step, String(moves)]
    const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (signal === null && stderr !== '') throw new Error(stderr)
    return signal
  }

  async end(): Promise<void> {
    await this.#vault.close()
    this.sandbox.end()
  }
}
