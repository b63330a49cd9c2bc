import type { Command } from 'commander'
import { diffPoints, findPoint, maskedText, shortId, type PointsDiff } from '../../recovery/operations/index.ts'
import { configuredVault, projectIfAny, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { sizeText, table } from '../words.ts'

export function addPointsDiff(points: Command, follow: Follow): void {
  points
    .command('diff <A> <B>')
    .description('what changed from one point to another: files, git, keys of env files (masked), rows, images')
    .action((a: string, b: string) => follow(context => runDiff(a, b, context)))
}

async function runDiff(a: string, b: string, context: Context): Promise<void> {
  const project = await projectIfAny(context)
  await withVault(context, configuredVault(context, project), async vault => {
    const [from, to] = [await findPoint(vault, a, project?.facts), await findPoint(vault, b, project?.facts)]
    const diff = await diffPoints(from, to, vault, context.run)
    const title = `from ${shortId(from.snapshot.id)} to ${shortId(to.snapshot.id)}`
    context.terminal.result(diffText(title, diff), { from: from.snapshot.id, to: to.snapshot.id, ...diff })
  })
}

// What nobody reads to the end; --json has all of them.
const mostFiles = 100

function diffText(title: string, { git, files, config, databases, images }: PointsDiff): string {
  const size = (bytes: number | null) => (bytes === null ? 'none' : sizeText(bytes))
  const values = (kind: string, list: PointsDiff['git']) =>
    list.map(({ what, before, after }) => [kind, what, `${before ?? 'none'} → ${after ?? 'none'}`])
  const more = files.length - mostFiles
  const rows = [
    ...values('git', git),
    ...files
      .slice(0, mostFiles)
      .map(file => [file.change, `${file.source}: ${file.path}`, `${size(file.before)} → ${size(file.after)}`]),
    ...(more > 0 ? [['…', `${more} more files`, '(all of them with --json)']] : []),
    ...config.flatMap(({ path, change, before, after, keys }) => [
      [change, `config: ${path}`, `${size(before)} → ${size(after)}`],
      ...keys.map(key => ['', `config: ${path} ${key.key}`, maskedText(key)]),
    ]),
    ...values('database', databases),
    ...values('image', images),
  ]
  return rows.length === 0 ? `${title}: nothing changed` : `${title}:\n${table(rows)}`
}
