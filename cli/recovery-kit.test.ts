import { expect, it } from 'vitest'
import { newRecoveryCode } from './recovery-code.ts'
import { parseKit, recoveryKit } from './recovery-kit.ts'

const project = { facts: { name: 'notes', id: 'notes-0123456789', hostname: 'laptop', root: '/home/user/notes' } }
const kitOf = (code: string | undefined) =>
  recoveryKit(project as Parameters<typeof recoveryKit>[0], '/mnt/my vault', code)

it('says all that opens the vault and finds the project', () => {
  const recoveryCode = newRecoveryCode()
  const kit = { vault: '/mnt/my vault', recoveryCode, project: 'notes-0123456789' }
  expect(parseKit(kitOf(recoveryCode))).toEqual(kit)
  // As it comes out of a terminal, between other things, typed by hand.
  expect(parseKit(`vault made\r\n${kitOf(recoveryCode.toLowerCase()).replaceAll('\n', '\r\n')}`)).toEqual(kit)
})

it('names what it lacks', () => {
  expect(() => parseKit(kitOf(undefined))).toThrow('it does not say a recovery code')
  expect(() => parseKit('')).toThrow('where the vault is, a recovery code, which project')
})
