import { z } from 'zod'

const container = z.object({
  Service: z.string(),
  State: z.string(),
  ExitCode: z.number(),
  Health: z.string().default(''),
})

/** Compose prints one object a line, or (before 2.21) one array. */
export function parseContainerStates(printed: Buffer): z.infer<typeof container>[] {
  const text = printed.toString('utf8').trim()
  if (text.startsWith('[')) return z.array(container).parse(JSON.parse(text))
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => container.parse(JSON.parse(line)))
}

/**
 * `up --wait` fails when a container ends well, such as a migration that has done its work. Then what is left is waited
 * for by itself; any other failure is thrown on.
 */
export async function waitForRest(
  error: unknown,
  services: readonly string[],
  print: (args: readonly string[]) => Promise<Buffer>,
  up: (services: readonly string[]) => Promise<void>,
): Promise<void> {
  if (!(error instanceof Error) || !/exited \(0\)/.test(error.message)) throw error
  const states = parseContainerStates(await print(['ps', '--all', '--format', 'json', ...services]))
  const rest = states.filter(({ State, ExitCode }) => !(State === 'exited' && ExitCode === 0))
  if (states.length === rest.length) throw error
  if (rest.length > 0) await up([...new Set(rest.map(({ Service }) => Service))])
}
