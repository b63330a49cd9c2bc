import { z } from 'zod'

/**
 * `drill/report.json` of every drill's evidence in the vault: what was rehearsed, what was looked at, how long it took, and
 * what came of it. It holds no secret. Readers accept unknown fields.
 */

const count = z.number().int().nonnegative()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** 1 integrity: every byte is there. 2 restorability: it comes back as it was. 3 usability: the application works on it. */
const level = z.union([z.literal(1), z.literal(2), z.literal(3)])

export const drillVerdict = z.enum(['proved', 'failed', 'error'])

/** A measured figure against what is wanted of it, in milliseconds. */
const measured = z.object({
  ms: count,
  /** As `drill.targets` in aidatavault.yml says; null: nothing is said. */
  targetMs: count.nullable(),
})

export const drillStep = z.object({
  name: z.string(),
  /** recover: a real recovery does it too, and it counts for the recovery time. check: only the drill does it. */
  kind: z.enum(['recover', 'check']),
  /** After the drill's start. */
  startMs: count,
  ms: count,
  ok: z.boolean(),
})

export const drillCheck = z.object({
  level,
  what: z.string(),
  ok: z.boolean(),
  /** What was found; on failure also what was expected. */
  detail: z.string(),
})

export const drillReport = z.object({
  version: z.literal(1),
  /** 16 hex digits. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** Counts the drills of the project in this vault, from 1. */
  sequence: count.min(1),
  /** SHA-256 of the report before this one, byte for byte; null: this is the first. */
  previous: sha256.nullable(),
  program: z.string(),
  /** The vault's own id. */
  vault: z.string(),
  project: z.object({ id: z.string(), name: z.string() }),
  /** Where the drill ran. */
  hostname: z.string(),
  point: z.object({
    /** The snapshot's id, and its tree's: the same also in a copy of the vault. */
    id: sha256,
    tree: sha256,
    takenAt: z.iso.datetime(),
    state: z.enum(['complete', 'incomplete']),
    /** Where it was taken. */
    hostname: z.string(),
    folder: z.string(),
  }),
  /** cold: with the recovery kit alone, in an environment with nothing of the old one. */
  kind: z.enum(['isolated', 'cold']),
  /** What was started: the databases alone, or the whole application. */
  scope: z.enum(['databases', 'application']),
  verdict: drillVerdict,
  /** null when it is proved. `level` null: the drill itself broke. */
  reason: z.object({ level: level.nullable(), step: z.string(), code: z.string(), message: z.string() }).nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  steps: z.array(drillStep),
  checks: z.array(drillCheck),
  /** What the copy ran without: places and rights outside of it. */
  without: z.array(z.string()),
  /** How long the recovery took; null when it did not come to its end. */
  recoveryTime: measured.nullable(),
  /** How old the point was when the drill began: so much would have been lost. */
  recoveryPoint: measured.extend({
    /** Written by the project since the point, where it could be asked: rows, and bytes of WAL. */
    rowsSince: count.nullable(),
    walBytesSince: count.nullable(),
  }),
})

/** `drill/signature.json`: who says so. The signature is over `signedText`. */
export const drillSignature = z.object({
  algorithm: z.literal('Ed25519'),
  publicKey: z.string(),
  report: sha256,
  page: sha256,
  signature: z.string(),
})

/** What is signed: the hashes of both files, each on a line of its own. */
export const signedText = ({ report, page }: { readonly report: string; readonly page: string }): string =>
  `aidatavault drill evidence 1\nreport ${report}\npage ${page}\n`

export type DrillReport = z.infer<typeof drillReport>
export type DrillVerdict = z.infer<typeof drillVerdict>
export type DrillStep = z.infer<typeof drillStep>
export type DrillCheck = z.infer<typeof drillCheck>
export type DrillSignature = z.infer<typeof drillSignature>
