import { RecoveryError } from '../../../recovery/domain/errors.ts'
import { shortId, type KitCheck, type KitVaultCheck } from '../../../recovery/operations/index.ts'
import type { Terminal } from '../../terminal.ts'
import { agoText } from '../../words.ts'

/** A line for each vault, and for each difference from the project. */
export function checkText({ vaults, missing, former, otherProject }: KitCheck, terminal: Terminal): string {
  const good = terminal.style('green', 'ok')
  const bad = terminal.style('red', '!!')
  return [
    ...vaults.map(vault => `${vault.verdict === 'good' ? good : bad}  ${vault.vault}: ${verdictText(vault)}`),
    ...missing.map(location => `${bad}  ${location}: a vault of the project that is not on the kit`),
    ...former.map(location => `${bad}  ${location}: on the kit, but no vault of the project any more`),
    ...(otherProject === undefined ? [] : [`${bad}  the kit is of another project, ${otherProject}`]),
  ].join('\n')
}

function verdictText({ verdict, key, point, why }: KitVaultCheck): string {
  const opened = key ? `the code opens it (key ${shortId(key.id)}, ${key.username})` : 'the code opens it'
  if (verdict === 'no code') return 'there is no recovery code for it on the kit'
  if (verdict === 'unreachable') return `cannot be reached: ${why}`
  if (verdict === 'refused')
    return 'the code does not open it: it was renewed or removed after the kit was printed, or the vault is another one'
  if (!point) return `${opened}, but there is no complete point of the project in it`
  return `${opened}\n      the newest complete point is ${shortId(point.snapshot.id)}, ${agoText(point.snapshot.time, new Date())}`
}

/** Without the codes. */
export const checkJson = ({ vaults, missing, former, otherProject, ok }: KitCheck) => ({
  ok,
  vaults: vaults.map(({ vault, verdict, key, point, why }) => ({
    vault,
    verdict,
    key: key ? { key: key.id, name: key.username, isRecoveryCode: key.isRecoveryCode } : null,
    point: point
      ? {
          point: point.snapshot.id,
          time: point.snapshot.time.toISOString(),
          ageMs: Date.now() - point.snapshot.time.getTime(),
        }
      : null,
    why: why ?? null,
  })),
  missing,
  former,
  otherProject: otherProject ?? null,
})

/** What is wrong first of all, and what to do about it. */
export function checkFailure({ vaults, missing, former, otherProject }: KitCheck): RecoveryError {
  const has = (wanted: KitVaultCheck['verdict']) => vaults.find(({ verdict }) => verdict === wanted)
  const anew = 'print a new kit, check that, and destroy this one: aidatavault kit'
  const fail = (sentence: string, hint: string) => new RecoveryError('kit-failed', sentence, { hint })
  const refused = has('refused')
  if (refused)
    return fail(
      `the recovery code on this kit does not open ${refused.vault}: it is out of date`,
      `${anew} (with --new-code where no newer one is at hand)`,
    )
  const closed = has('no code')
  if (closed)
    return fail(
      `the kit has no recovery code for ${closed.vault}`,
      'write it in, or print one with the code on it: aidatavault kit',
    )
  // One that is no vault of the project any more need not be there.
  const away = vaults.find(({ verdict, vault }) => verdict === 'unreachable' && !former.includes(vault))
  if (away)
    return fail(
      `${away.vault} cannot be reached, so whether the kit opens it is not known`,
      'make it reachable (its disk, its network, its credentials), then check again',
    )
  if (otherProject !== undefined)
    return fail(`this kit is of another project, ${otherProject}`, 'check it in the folder of that project')
  const [place] = [...missing, ...former]
  if (place !== undefined) return fail(`the kit and the project do not name the same vaults: ${place}`, anew)
  return fail(
    `the kit finds nothing to recover in ${has('no point')?.vault}`,
    'take a point: aidatavault backup; into a further vault: aidatavault copy',
  )
}
