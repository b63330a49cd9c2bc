import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import type { Stats } from 'node:fs'
import type { ConfigFile } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointWriter, SavedPart } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { Project, ProjectEnvFile } from '../../project/project.ts'
import { capturing } from '../disk-error.ts'
import { configToCapture } from '../elsewhere.ts'
import { configInPoint, configPath, resolvedModelInPoint } from './layout.ts'

/**
 * Captures env files, compose files, secrets and what else is configuration, and Compose's resolved model. Content goes into
 * the encrypted point only. Rejects with source-unreadable.
 */
export const captureConfig = (project: Project, writer: PointWriter, run: Run): Promise<ConfigFile[]> =>
  capturing('the configuration', () => captureAll(project, writer, run))

async function captureAll(project: Project, writer: PointWriter, run: Run): Promise<ConfigFile[]> {
  const captured: ConfigFile[] = []
  for (const file of configToCapture(project)) {
    run.signal.throwIfAborted()
    const saved = await captureFile(project.root, file, writer)
    if (saved) captured.push(saved)
    else run.report({ kind: 'warning', text: `configuration: ${file.path} is not there and cannot be captured` })
  }
  if (project.compose) await saveModel(project.compose.model.raw, writer)
  return captured
}

async function captureFile(root: string, file: ProjectEnvFile, writer: PointWriter): Promise<ConfigFile | undefined> {
  const stats = await lookAt(file.path)
  if (!stats) return undefined
  if (!stats.isFile()) throw unreadable(file.path, 'it is no file')
  const path = configPath(root, file.path)
  const inPoint = configInPoint(path)
  const { bytes, sha256 } = await save(file.path, inPoint, writer)
  return { path, inPoint, kind: file.kind, mode: stats.mode & 0o7777, bytes, sha256 }
}

/** Of a link, what it leads to: the content is what counts, and the link itself is code. */
async function save(file: string, inPoint: string, writer: PointWriter): Promise<SavedPart> {
  const isLink = (await fs.lstat(file)).isSymbolicLink()
  if (!isLink) return writer.save({ kind: 'file', path: inPoint, file })
  return writer.save({ kind: 'stream', path: inPoint, bytes: createReadStream(file), finished: Promise.resolve() })
}

/** undefined when it is not there. */
async function lookAt(file: string): Promise<Stats | undefined> {
  try {
    await fs.access(file, fs.constants.R_OK)
    return await fs.stat(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(file, code ?? 'unknown error')
  }
}

const unreadable = (file: string, why: string) =>
  new RecoveryError('source-unreadable', `the configuration file ${file} cannot be read: ${why}`, {
    hint: 'run as a user who may read it',
  })

async function saveModel(model: unknown, writer: PointWriter): Promise<void> {
  const text = Buffer.from(`${JSON.stringify(model, null, 2)}\n`)
  const bytes = (async function* () {
    yield text
  })()
  await writer.save({ kind: 'stream', path: resolvedModelInPoint, bytes, finished: Promise.resolve() })
}
