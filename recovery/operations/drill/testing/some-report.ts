import type { DrillReport } from '../../../../contract/drill-report.ts'

/** The report of a drill that proved a small project, with what a test wants to be different. */
export const someReport = (different: Partial<DrillReport> = {}): DrillReport => ({
  version: 1,
  id: '00000000000000aa',
  sequence: 1,
  previous: null,
  program: 'aidatavault 0.1.0',
  vault: 'ab'.repeat(32),
  project: { id: 'notes-0123456789', name: 'notes' },
  hostname: 'laptop',
  point: {
    id: 'cd'.repeat(32),
    tree: 'ef'.repeat(32),
    takenAt: '2026-01-02T03:04:05.000Z',
    state: 'complete',
    hostname: 'laptop',
    folder: '/home/user/notes',
  },
  kind: 'isolated',
  scope: 'application',
  verdict: 'proved',
  reason: null,
  startedAt: '2026-01-02T09:04:05.000Z',
  endedAt: '2026-01-02T09:05:05.000Z',
  steps: [
    { name: 'every byte of the point', kind: 'check', startMs: 0, ms: 4000, ok: true },
    { name: 'code', kind: 'recover', startMs: 4000, ms: 1500, ok: true },
    { name: 'databases of db', kind: 'recover', startMs: 5500, ms: 9500, ok: true },
    { name: 'services up', kind: 'recover', startMs: 15_000, ms: 7000, ok: true },
    { name: 'health', kind: 'check', startMs: 22_000, ms: 200, ok: true },
  ],
  checks: [
    { level: 1, what: 'every byte that the point needs', ok: true, detail: '210 blobs, 4 MiB' },
    { level: 2, what: 'database db/app: rows of public.notes', ok: true, detail: '1000 rows' },
    { level: 3, what: 'service app is healthy', ok: true, detail: 'healthy' },
  ],
  without: ['service app: port 8080 of the machine'],
  recoveryTime: { ms: 18_000, targetMs: 1_800_000 },
  recoveryPoint: { ms: 21_600_000, targetMs: 86_400_000, rowsSince: 12, walBytesSince: 40_960 },
  ...different,
})
