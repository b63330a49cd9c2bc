import fs from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  chainFaults,
  evidencePage,
  findEvidence,
  listEvidence,
  rememberedEnd,
  rememberEnd,
  shortId,
  type ChainFault,
  type Evidence,
} from '../../recovery/operations/index.ts'
import { configuredVault, projectIfAny, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { durationText, plural, table, timeText } from '../words.ts'
import { drillText } from './drill-text.ts'

/** What became of earlier drills. */
export function addDrillList(drill: Command, follow: Follow): void {
  drill
    .command('list')
    .description('the drills of this project (of all projects with --all)')
    .option('--all', 'of all projects in the vault')
    .action((options: { all?: boolean }) => follow(context => runList(options.all ?? false, context)))
  drill
    .command('show <DRILL>')
    .description('one drill: its number, its id, the beginning of one, or latest')
    .option('--html <FILE>', 'write its page to a file that is not there yet; - for stdout')
    .action((which: string, options: { html?: string }) => follow(context => runShow(which, options.html, context)))
  drill
    .command('verify')
    .description('whether any report is missing, was altered, or is not signed by the vault')
    .action(() => follow(runVerify))
}

async function runList(all: boolean, context: Context): Promise<void> {
  const evidence = await read(context, all)
  const text = evidence.length === 0 ? 'no drill yet; run one with: aidatavault drill' : listText(evidence)
  context.terminal.result(text, evidence.map(brief))
}

async function read(context: Context, all: boolean): Promise<Evidence[]> {
  const project = await projectIfAny(context)
  return withVault(context, configuredVault(context, project), vault =>
    listEvidence(vault, all ? undefined : project?.facts.id),
  )
}

const listText = (evidence: readonly Evidence[]): string =>
  table([
    ['DRILL', 'ID', 'TIME', 'PROJECT', 'POINT', 'VERDICT', 'RECOVERY TIME'],
    ...evidence.map(({ report, snapshot, faults }) =>
      report
        ? [
            String(report.sequence),
            shortId(report.id),
            timeText(new Date(report.startedAt)),
            report.project.name,
            shortId(report.point.id),
            faults.length > 0 ? `ALTERED (${report.verdict})` : report.verdict,
            report.recoveryTime ? durationText(report.recoveryTime.ms) : '–',
          ]
        : ['?', shortId(snapshot.id), timeText(snapshot.time), '?', '?', 'UNREADABLE', ''],
    ),
  ])

const brief = ({ report, snapshot, faults }: Evidence) => ({
  evidence: snapshot.id,
  sequence: report?.sequence ?? null,
  drill: report?.id ?? null,
  time: report?.startedAt ?? snapshot.time.toISOString(),
  project: report?.project.name ?? null,
  point: report?.point.id ?? null,
  verdict: report?.verdict ?? null,
  recoveryMs: report?.recoveryTime?.ms ?? null,
  faults,
})

async function runShow(which: string, html: string | undefined, context: Context): Promise<void> {
  const { terminal } = context
  const project = await projectIfAny(context)
  await withVault(context, configuredVault(context, project), async vault => {
    const found = findEvidence(await listEvidence(vault, project?.facts.id), which)
    for (const fault of found.faults) terminal.warn(fault)
    if (html !== undefined) return writePage(await evidencePage(vault, found), html, context)
    const { report, snapshot } = found
    if (!report) throw new RecoveryError('vault-damaged', `the report of ${shortId(snapshot.id)} cannot be read`)
    const checks = report.checks.map(({ level, what, ok, detail }) => [ok ? 'ok' : 'FAILED', `L${level}`, what, detail])
    terminal.result(`${drillText({ report, evidence: snapshot }, terminal)}\n\n${table(checks)}`, {
      ...report,
      evidence: snapshot.id,
      faults: found.faults,
    })
  })
}

async function writePage(page: Buffer, file: string, { terminal }: Context): Promise<void> {
  if (file === '-') return void process.stdout.write(page)
  const target = path.resolve(file)
  await fs.writeFile(target, page, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    throw new RecoveryError('target-exists', `${target} exists already`, { hint: 'name another file' })
  })
  terminal.result(`written: ${target}`, { file: target, bytes: page.length })
}

async function runVerify(context: Context): Promise<void> {
  const { terminal } = context
  const project = await projectIfAny(context)
  await withVault(context, configuredVault(context, project), async vault => {
    const all = await listEvidence(vault, project?.facts.id)
    const faults: ChainFault[] = []
    for (const id of new Set(all.map(({ projectId }) => projectId))) {
      const isOwn = project?.facts.id === id
      const end = isOwn ? await rememberedEnd(project.root, vault.id) : undefined
      faults.push(
        ...chainFaults(
          all.filter(({ projectId }) => projectId === id),
          end,
        ),
      )
    }
    // With no report left at all, only this folder knows that there were some.
    if (project && all.length === 0) faults.push(...chainFaults([], await rememberedEnd(project.root, vault.id)))
    const copied = all.filter(({ isCopied }) => isCopied).length
    terminal.result(verifyText(all.length, copied, faults), { reports: all.length, copied, faults })
    const last = project && all.findLast(({ projectId }) => projectId === project.facts.id)
    // Also of drills that were held elsewhere: from now on they are missed here.
    if (project && faults.length === 0 && last?.report && last.hash !== undefined)
      await rememberEnd(project.root, vault.id, { sequence: last.report.sequence, hash: last.hash })
    if (faults.length > 0)
      throw new RecoveryError('evidence-altered', `${plural(faults.length, 'report')} of drills cannot be trusted`, {
        hint: 'look for them in another copy of the vault; and run a new drill, whose report follows the last one there is',
      })
  })
}

function verifyText(reports: number, copied: number, faults: readonly ChainFault[]): string {
  const from = copied > 0 ? `; ${copied} of them signed by the vault that this one is a copy of` : ''
  const whole = `${plural(reports, 'report')}, in one chain, each signed by the vault and unaltered${from}`
  return faults.length === 0 ? whole : table(faults.map(({ kind, message }) => [kind, message]))
}
