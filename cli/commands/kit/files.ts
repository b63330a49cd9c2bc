import fs from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { RecoveryError } from '../../../recovery/domain/errors.ts'
import {
  kitFormOf,
  kitPage,
  kitPdf,
  kitPlaceWarnings,
  kitText,
  writeOut,
  type KitSheet,
  type Project,
} from '../../../recovery/operations/index.ts'
import type { Context } from '../../context.ts'
import type { KitOptions } from './kit.ts'

/**
 * The files that are asked for, absolute. Rejects before any work with bad-input where no form is known by that name or the folder is not
 * there, and with target-exists where something is there already and nobody said --yes; warns of places where a kit should not lie.
 */
export async function assertFiles(
  { out = [], yes }: KitOptions,
  project: Project,
  vaults: readonly string[],
  { terminal }: Context,
): Promise<string[]> {
  const files = [...new Set(out.map(file => path.resolve(file)))]
  for (const file of files) {
    if (kitFormOf(file) === undefined)
      throw new RecoveryError('bad-input', `what shall ${file} be?`, { hint: 'end its name in .html, .pdf or .txt' })
    await assertPlace(file, yes ?? false)
    for (const warning of await kitPlaceWarnings(file, project, vaults)) terminal.warn(warning)
  }
  return files
}

async function assertPlace(file: string, yes: boolean): Promise<void> {
  const folder = await fs.stat(path.dirname(file)).catch(() => undefined)
  if (!folder?.isDirectory())
    throw new RecoveryError('bad-input', `there is no folder ${path.dirname(file)}`, {
      hint: 'make it, or name another one',
    })
  const found = await fs.lstat(file).catch(() => undefined)
  if (!found || (yes && !found.isDirectory())) return
  throw new RecoveryError('target-exists', `${file} is there already`, {
    hint: found.isDirectory() ? 'name a file that is not there' : 'name another file, or replace it with --yes',
  })
}

const render = {
  text: (sheet: KitSheet) => Promise.resolve(Buffer.from(kitText(sheet))),
  page: (sheet: KitSheet) => Promise.resolve(Buffer.from(kitPage(sheet))),
  pdf: kitPdf,
}

/**
 * All of them, or none: a file that is left of a failed run could have a code that opens nothing, and what was there before may be the
 * only good kit. Each is whole, for its owner alone. That it may replace what is there was said.
 */
export async function writeKits(sheet: KitSheet, files: readonly string[], { run }: Context): Promise<void> {
  const rendered = await Promise.all(
    files.map(async target => ({ target, bytes: await render[kitFormOf(target) ?? 'text'](sheet) })),
  )
  const drafts = rendered.map(one => ({ ...one, draft: `${one.target}.${process.pid}.new` }))
  try {
    for (const { draft, bytes } of drafts) {
      const outgoing = { kind: 'stream', bytes: Readable.from([bytes]), finished: Promise.resolve() } as const
      await writeOut(outgoing, { target: draft, force: true }, run)
    }
    // They are on the disk: nothing more can run full.
    for (const { draft, target } of drafts) await fs.rename(draft, target)
  } finally {
    for (const { draft } of drafts) await fs.rm(draft, { force: true })
  }
}
