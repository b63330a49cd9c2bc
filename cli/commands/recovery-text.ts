import { confirm } from '../questions.ts'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  originOf,
  originText,
  shortId,
  type RecoveryPlan,
  type RecoveryReport,
} from '../../recovery/operations/index.ts'
import type { Context } from '../context.ts'
import type { Terminal } from '../terminal.ts'
import { durationText, plural, sizeText, table, timeText } from '../words.ts'

/** A recovery destroys nothing, so it goes ahead where nobody can be asked; on a terminal the plan is confirmed. */
export async function agree(
  plan: RecoveryPlan,
  options: { readonly yes?: boolean },
  { terminal }: Context,
): Promise<void> {
  if (options.yes || !terminal.interactive || plan.obstacles.length > 0) return
  terminal.clear()
  if (!(await confirm({ message: 'Go ahead?' }, terminal.question)))
    throw new RecoveryError('interrupted', 'not confirmed; nothing was changed')
}

/** What a recovery will do. */
export function recoveryText(plan: RecoveryPlan): string {
  const { manifest, target } = plan
  const rows = [
    [
      plan.continues ? 'continue' : 'recover',
      `${manifest.project.name} of ${originText(originOf(manifest.project))}, point ${shortId(plan.point)} of ${timeText(new Date(manifest.takenAt))}`,
    ],
    [
      'into',
      `${target.root}${manifest.project.composeFiles.length > 0 ? ` as Compose project ${target.projectName}` : ''}`,
    ],
    ...(manifest.code
      ? [
          [
            'code',
            manifest.code.kind === 'git'
              ? `git, ${plural(manifest.code.refs.length, 'ref')}, work tree as it was`
              : plural(manifest.code.files, 'file'),
          ],
        ]
      : []),
    ...(plan.keepsFolder
      ? [['folder', 'stays as it is: only what is gone of volumes and databases comes back']]
      : [['config', manifest.config.map(({ path: file }) => file).join(', ') || 'none']]),
    ...manifest.servers.map(({ name, databases }) => [
      'database',
      `${name}: ${databases.map(database => database.name).join(', ')}`,
    ]),
    ...plan.volumes.map(({ facts, name }) => ['volume', `${facts.key} → ${name} (${sizeText(facts.bytes)})`]),
    ...plan.images.map(({ reference, from }) => [
      'image',
      `${reference} (${{ here: 'already here', point: 'from the point', pull: 'to be pulled', build: 'built from the code' }[from]})`,
    ]),
    ['start', plan.services.join(', ') || 'nothing'],
    ...plan.obstacles.map(({ message, hint }) => ['IN THE WAY', `${message}\n            hint: ${hint}`]),
  ]
  return table(rows)
}

/** The same for programs. */
export const recoveryJson = ({ manifest, ...plan }: RecoveryPlan) => ({
  ...plan,
  project: manifest.project,
  volumes: plan.volumes.map(({ facts, name }) => ({ key: facts.key, name, bytes: facts.bytes })),
  images: plan.images.map(({ facts, reference, from }) => ({ service: facts.service, reference, from })),
})

/** What it did: the result, and below the good news once more what it warned of, which is far up by now. */
export function reportRecovery(report: RecoveryReport, ms: number, terminal: Terminal): void {
  const { warnings } = terminal
  terminal.result(reportText(report, ms), { ...report, warnings })
  if (!terminal.options.json) for (const text of warnings) terminal.warn(text)
}

function reportText({ projectName, root, steps, checks, services }: RecoveryReport, ms: number): string {
  return [
    '',
    table(steps.map(({ step, ms }) => [`  ${step}`, durationText(ms)])),
    `  ${plural(checks.length, 'check')} passed: every row counted, every file compared`,
    '',
    `${projectName} is back in ${root}, in ${durationText(ms)}${services.length > 0 ? `; running: ${services.join(', ')}` : ''}`,
  ].join('\n')
}
