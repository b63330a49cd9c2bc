import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'vitest'
import { requireDocker, engineAnswers } from '../stack/engine.ts'
import { canStepDown } from '../stack/test-user.ts'
import { play } from './play.ts'
import { readScript } from './script.ts'

const has = {
  docker: engineAnswers,
  root: canStepDown,
  restic: spawnSync('restic', ['version']).status === 0,
}

const canPlay = (needs: readonly string[]) =>
  requireDocker || needs.every(need => Object.hasOwn(has, need) && has[need as keyof typeof has])

// One promise a file, told as a session at the terminal.
describe.concurrent('at the terminal', () => {
  const names = fs.readdirSync(import.meta.dirname).filter(name => name.endsWith('.txt'))
  for (const script of names.map(name => readScript(path.join(import.meta.dirname, name))))
    it.skipIf(!canPlay(script.needs))(`${script.file}: ${script.title}`, () => play(script), 180_000)
})
