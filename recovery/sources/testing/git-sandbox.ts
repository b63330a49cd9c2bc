import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const who = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
}
const environment = {
  ...process.env,
  ...who,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  LC_ALL: 'C',
}

/** A folder for one test, with a shell in it. */
export class GitSandbox {
  readonly folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'aidatavault-test-'))

  at(...names: string[]): string {
    return path.join(this.folder, ...names)
  }

  /** Runs a script in a folder of the sandbox; gives what it printed, one character per byte. */
  sh(script: string, ...names: string[]): string {
    const options = {
      cwd: this.at(...names),
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'] as const,
      maxBuffer: 1 << 28,
    }
    return execFileSync('bash', ['-euc', script], { ...options, stdio: [...options.stdio] }).toString('latin1')
  }

  end(): void {
    execFileSync('chmod', ['-R', 'u+rwX', this.folder])
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

const questions = [
  'git status --porcelain=v2 --branch --show-stash --ignore-submodules=none -uall -z',
  "git for-each-ref --format='%(refname) %(objectname) %(upstream) %(symref)'",
  'git symbolic-ref HEAD || git rev-parse HEAD',
  "git log --all --format='%H %an %ae %at %d %s' || true",
  'git ls-files --stage -z',
  'git ls-files -v -z',
  'git ls-files --resolve-undo -z',
  'git diff --cached --binary',
  'git diff --binary',
  "git stash list --format='%gd %H %gs %gn %ge %at'",
  'git config --local --list -z',
  'git fsck --no-dangling --no-progress 2>&1',
  'cat .git/info/exclude',
]

/** What git says of a work tree, in every way that counts, and every file with kind, permissions, time, owner, content. */
export function stateOf(sandbox: GitSandbox, ...names: string[]): Record<string, string> {
  const answers = questions.map(question => [question, sandbox.sh(question, ...names)])
  return { ...Object.fromEntries(answers), files: filesOf(sandbox, ...names) }
}

/** Ignored files are not captured; folders get new times where something is written into them. */
export const filesOf = (sandbox: GitSandbox, ...names: string[]): string =>
  sandbox.sh(
    `{ git ls-files -z --cached --others --exclude-standard; } | sort -zu | while IFS= read -r -d '' f; do
       if [ -L "$f" ]; then printf '%s -> %s\\n' "$f" "$(readlink "$f")"
       elif [ -f "$f" ]; then printf '%s %s %s\\n' "$f" "$(stat -c '%a %u:%g' "$f")" "$(sha256sum <"$f")"
       elif [ -d "$f" ]; then printf '%s/\\n' "$f"
       else printf '%s absent\\n' "$f"; fi; done
     find . -path ./.git -prune -o -type d -print | while read -r d; do git check-ignore -q "$d" || echo "$d $(stat -c '%a %u:%g' "$d")"; done | sort`,
    ...names,
  )
