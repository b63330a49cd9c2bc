import { isAbsent } from './docker-errors.ts'

// Each is a program of its own.
const atOnce = 4

/**
 * Those of `names` that there are, each under its name, in the order of the names. One call where all are there; docker does
 * not tell which ones are missing, so then each is asked for by itself.
 */
export async function inspectSeveral<T>(
  kind: 'volume' | 'image',
  names: readonly string[],
  inspect: (names: readonly string[]) => Promise<readonly T[]>,
): Promise<Map<string, T>> {
  const each = [...new Set(names)]
  if (each.length === 0) return new Map()
  const together = await presentOnly(kind, () => inspect(each))
  if (together?.length === each.length) return new Map(each.map((name, at) => [name, together[at]!]))
  if (each.length === 1) return new Map()
  const found = new Map<string, T | undefined>(each.map(name => [name, undefined]))
  const rest = [...each]
  const askNext = async (): Promise<void> => {
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      const one = name
      found.set(one, (await presentOnly(kind, () => inspect([one])))?.[0])
    }
  }
  await Promise.all(Array.from({ length: atOnce }, askNext))
  return new Map([...found].flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const])))
}

/** undefined where any of what was asked for is not there. */
async function presentOnly<T>(kind: 'volume' | 'image', ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (isAbsent(error, kind)) return undefined
    throw error
  }
}
