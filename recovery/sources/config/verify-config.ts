import fs from 'node:fs/promises'
import type { ConfigFile } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { fileSha256 } from '../file-sha256.ts'
import { configPath, isInProject, modeToBe } from './restore-config.ts'

/** Compares content and permissions of each file with what was captured. Says nothing of what is in them. */
export async function verifyConfig(files: readonly ConfigFile[], root: string, run: Run): Promise<Check[]> {
  const checks: Check[] = []
  for (const file of files) {
    run.signal.throwIfAborted()
    const fault = await faultOf(file, root).catch(messageOf)
    checks.push({
      what: `configuration: ${file.path}`,
      ok: fault === undefined,
      detail: fault ?? `${file.bytes} bytes`,
    })
  }
  return checks
}

async function faultOf(file: ConfigFile, root: string): Promise<string | undefined> {
  const target = configPath(root, file)
  const found = await fileSha256(target)
  if (found === undefined) return 'missing'
  if (found !== file.sha256) return 'another content than in the point'
  if (!(await isInProject(file, root))) return undefined
  const [mode, wanted] = [(await fs.stat(target)).mode & 0o7777, modeToBe(file)]
  return mode === wanted ? undefined : `permissions ${mode.toString(8)} instead of ${wanted.toString(8)}`
}
