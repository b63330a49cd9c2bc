import { parseModel } from '../../drivers/docker/index.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import type { PointReader } from '../../domain/point-content.ts'

const file = 'compose/resolved.json'

/** What Compose resolved when the point was taken; undefined for a project without Compose. Holds secrets. */
export async function recordedModel(reader: PointReader): Promise<ComposeModel | undefined> {
  if (!(await reader.exists(file))) return undefined
  const pieces: Uint8Array[] = []
  for await (const piece of reader.readFile(file)) pieces.push(piece)
  return parseModel(JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, unknown>)
}

/**
 * What the recovered files resolve to otherwise than at capture: it came from outside the project, as from a variable of
 * the shell that started Compose. Names only, never values. Paths below the old root may have moved to the new one.
 */
export function modelDifferences(
  recorded: ComposeModel,
  recovered: ComposeModel,
  roots: { old: string; new: string },
): string[] {
  const moved = (text: string) => text.replaceAll(roots.old, roots.new)
  return recorded.services.flatMap(before => {
    const after = recovered.services.find(({ name }) => name === before.name)
    if (!after) return [`service ${before.name} is not there`]
    const variables = Object.entries(before.environment).filter(
      ([name, value]) => after.environment[name] !== moved(value),
    )
    const ports = (service: typeof before) => JSON.stringify(service.publishedPorts)
    return [
      ...variables.map(([name]) => `variable ${name} of service ${before.name}`),
      ...(ports(before) === ports(after) ? [] : [`published ports of service ${before.name}`]),
      ...(before.image === after.image || before.builds ? [] : [`image of service ${before.name}`]),
    ]
  })
}
