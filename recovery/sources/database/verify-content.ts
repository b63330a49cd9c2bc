import type { DatabaseFacts, DatabaseServer, SequenceFacts } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { isMark } from './restored-mark.ts'
import { readContent, type Ask, type FoundContent, type FoundSequence } from './database-facts.ts'

/** Everything but the rows: sequences, extensions, large objects, objects by kind, settings. */
export async function verifyContent(
  what: string,
  expected: DatabaseFacts,
  method: DatabaseServer['method'],
  ask: Ask,
): Promise<Check[]> {
  const found = await readContent(ask)
  const extensions: Check[] = []
  for (const extension of expected.extensions) extensions.push(await checkExtension(what, extension, found, ask))
  return [
    ...expected.sequences.map(sequence => checkSequence(what, sequence, found.sequences)),
    ...extensions,
    // A base backup's number is in the objects, where it is left out when it changed meanwhile.
    ...(method === 'logical' ? [checkLargeObjects(what, expected, found)] : []),
    ...checkObjects(what, expected, found, method),
    checkSettings(what, expected, found),
  ]
}

/**
 * Sequences stand outside of transactions: the dump may have read a later value than the snapshot's moment, and a crashed
 * server skips some. Further on is right; behind would give out numbers twice.
 */
function checkSequence(what: string, expected: SequenceFacts, present: readonly FoundSequence[]): Check {
  const name = `${what}: sequence ${expected.schema}.${expected.name}`
  const found = present.find(other => other.schema === expected.schema && other.name === expected.name)
  if (!found) return { what: name, ok: false, detail: 'missing' }
  const ok = isAsFar(expected.lastValue, found)
  return { what: name, ok, detail: `${found.lastValue ?? 'unused'}${ok ? '' : `, was at ${expected.lastValue}`}` }
}

function isAsFar(before: string | null, { lastValue, ascending, cycles }: FoundSequence): boolean {
  if (before === null || before === lastValue) return true
  if (lastValue === null) return false
  return cycles || (ascending ? BigInt(lastValue) >= BigInt(before) : BigInt(lastValue) <= BigInt(before))
}

async function checkExtension(
  what: string,
  expected: FoundContent['extensions'][number],
  { extensions }: FoundContent,
  ask: Ask,
): Promise<Check> {
  const name = `${what}: extension ${expected.name}`
  const found = extensions.find(other => other.name === expected.name)
  if (!found) return { what: name, ok: false, detail: 'missing' }
  if (found.schema !== expected.schema)
    return { what: name, ok: false, detail: `in schema ${found.schema}, was in ${expected.schema}` }
  if (found.version === expected.version) return { what: name, ok: true, detail: found.version }
  const offered = await ask(`SELECT 1 AS found FROM pg_available_extension_versions
    WHERE name = ${quoteLiteral(expected.name)} AND version = ${quoteLiteral(expected.version)}`)
  // Another image has another version: it is told, and no fault of the recovery.
  const reason = offered.length === 0 ? ', which this server does not have' : ''
  return { what: name, ok: reason !== '', detail: `${found.version}, was ${expected.version}${reason}` }
}

function checkLargeObjects(what: string, expected: DatabaseFacts, found: FoundContent): Check {
  const ok = expected.largeObjects === found.largeObjects
  const detail = `${found.largeObjects}${ok ? '' : `, were ${expected.largeObjects}`}`
  return { what: `${what}: large objects`, ok, detail }
}

// A dump leaves invalid indexes out: nothing is lost with them.
const mayBeFewer = new Set(['invalid index'])

function checkObjects(
  what: string,
  expected: DatabaseFacts,
  found: FoundContent,
  method: DatabaseServer['method'],
): Check[] {
  // In a physical capture a kind that is not named was changing.
  const kinds = new Set([...Object.keys(expected.objects), ...(method === 'logical' ? Object.keys(found.objects) : [])])
  return [...kinds].sort().map(kind => {
    const [before = 0, now = 0] = [expected.objects[kind], found.objects[kind]]
    const ok = now === before || (mayBeFewer.has(kind) && now < before)
    return { what: `${what}: objects of kind ${kind}`, ok, detail: `${now}${now === before ? '' : `, were ${before}`}` }
  })
}

function checkSettings(what: string, expected: DatabaseFacts, found: FoundContent): Check {
  const present = new Set(found.settings)
  const wanted = new Set(expected.settings)
  const missing = expected.settings.filter(statement => !present.has(statement))
  const others = found.settings.filter(statement => !wanted.has(statement) && !isMark(statement))
  const ok = missing.length + others.length === 0
  const detail = ok ? `${wanted.size} statements` : `${missing.length} missing, ${others.length} others`
  return { what: `${what}: settings, privileges, comment`, ok, detail }
}
