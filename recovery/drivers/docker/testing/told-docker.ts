import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The docker command of this machine, which tells how often it was called. `calls`: since the last time, each as its arguments. */
export function toldDocker(): { readonly command: string; calls(): string[]; end(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'told-docker-'))
  const [command, log] = [path.join(folder, 'docker'), path.join(folder, 'log')]
  const empty = () => writeFileSync(log, '')
  empty()
  writeFileSync(command, `#!/bin/sh\nprintf '%s\\n' "$*" >>'${log}'\nexec docker "$@"\n`, { mode: 0o755 })
  return {
    command,
    calls: () => {
      const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean)
      empty()
      return lines
    },
    end: () => rmSync(folder, { recursive: true }),
  }
}
