import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { rawService } from './survey.ts'
import type { ComposeModel } from '../drivers/docker/compose.ts'

type Texts = Readonly<Record<string, string>>

/** The environment with what `NAME_FILE` variables point to, where that is a secret or config of the Compose files. */
export async function withSecretFiles(model: ComposeModel, service: string, env: Texts): Promise<Texts> {
  const files = hostFiles(model, service)
  const filled: Record<string, string> = { ...env }
  for (const [name, target] of Object.entries(env)) {
    const plain = name.replace(/_FILE$/, '')
    const file = files.get(path.posix.normalize(target))
    if (plain === name || env[plain] || file === undefined) continue
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) filled[plain] = text.replace(/\r?\n$/, '')
  }
  return filled
}

/** Files of the host by where the service sees them. */
function hostFiles(model: ComposeModel, service: string): Map<string, string> {
  const raw = rawService(model, service)
  const files = new Map<string, string>()
  for (const [kind, folder] of [['secrets', '/run/secrets'] as const, ['configs', '/'] as const])
    for (const used of Array.isArray(raw[kind]) ? (raw[kind] as unknown[]) : []) {
      const { source, target } = (typeof used === 'string' ? { source: used } : used) as Partial<Texts>
      const defined = (model.raw[kind] as Record<string, { file?: unknown } | null> | undefined)?.[source ?? '']
      const file = defined?.file
      if (typeof file === 'string') files.set(path.posix.resolve(folder, target ?? source ?? ''), file)
    }
  return files
}
