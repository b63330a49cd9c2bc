import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kitText } from './kit-text.ts'
import { parseKit, readKit } from './parse-kit.ts'
import { codeOfValue } from './recovery-code.ts'
import { recoveryWords } from './recovery-words.ts'
import { kitSheet, type KitVaults } from './sheet.ts'
import { someProject, someServer } from './testing/some-project.ts'

const code = codeOfValue(123_456_789n ** 4n)
const other = codeOfValue(987_654_321n ** 4n)
const project = 'notes-0123456789'
const textOf = (vaults: readonly KitVaults[], env: NodeJS.ProcessEnv = {}) =>
  kitText(kitSheet(someProject(), vaults, new Date('2026-01-02T12:00:00'), env))
const location = '/mnt/my vault'

describe('the recovery kit as text', () => {
  it('says all that opens the vault and finds the project, as it comes out of a terminal, or typed by hand', () => {
    const text = textOf([{ locations: [location], code }])
    const kit = { vaults: [{ location, recoveryCode: code }], project }
    expect(parseKit(text)).toEqual(kit)
    expect(parseKit(`vault made\r\n${text.replaceAll('\n', '\r\n')}`)).toEqual(kit)
    expect(parseKit(text.replace(code, code.toLowerCase().replaceAll('-', ' ')))).toEqual(kit)
    // The words alone are enough, also where the code was written in as words.
    const words = recoveryWords(code)
    expect(parseKit(text.replace(`Recovery code:  ${code}`, 'Recovery code:  (torn off)'))).toEqual(kit)
    const byHand = textOf([{ locations: [location], code: undefined }]).replace(/____-\S+/, words.join(' '))
    expect(parseKit(byHand)).toEqual(kit)
    const wrong = byHand.replace(words.join(' '), words.with(6, words[6] === 'zoo' ? 'zone' : 'zoo').join(' '))
    expect(() => parseKit(wrong)).toThrow('word 7 does not fit the others')
  })

  it('reads back whatever vaults there are, each with its own code', () => {
    const place = fc.stringMatching(/^[/a-z][\w@:./ -]{0,60}[\w/]$/)
    const group = fc.record({
      locations: fc.array(place, { minLength: 1, maxLength: 3 }),
      code: fc.bigInt({ min: 0n, max: (1n << 135n) - 1n }).map(codeOfValue),
    })
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 3 }), groups => {
        const vaults = groups.flatMap(({ locations, code: recoveryCode }) =>
          locations.map(where => ({ location: where, recoveryCode })),
        )
        expect(parseKit(textOf(groups))).toEqual({ vaults, project })
      }),
    )
  })

  it('is read as it was printed by earlier versions', () => {
    const old = `  Vault:          ${location}\n  Recovery code:  ${code}\n   (opens the vault)\n    2. aidatavault recover '${location}' --project ${project}\n`
    expect(parseKit(old)).toEqual({ vaults: [{ location, recoveryCode: code }], project })
  })

  it('names what it lacks', () => {
    const blank = textOf([{ locations: [location], code: undefined }])
    expect(blank).toContain('the one printed when the vault was made')
    expect(() => parseKit(blank)).toThrow('it does not say a recovery code')
    expect(readKit(blank)).toEqual({ vaults: [{ location, recoveryCode: undefined }], project })
    expect(() => parseKit('')).toThrow('where the vault is, a recovery code, which project')
  })

  it('names what each kind of storage needs besides, and no value of it', () => {
    const vaults = ['s3:s3.amazonaws.com/b', 'sftp:ann@nas:/v', 'rest:https://host/', 'rclone:drive:v'].map(where => ({
      locations: [where],
      code,
    }))
    const text = textOf(vaults, { AWS_REGION: 'eu-1', RESTIC_CACERT: '/ca.pem', RESTIC_REST_PASSWORD: 's3cr3t' })
    for (const name of [
      ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION', 'RESTIC_CACERT'],
      ...['RESTIC_REST_USERNAME', 'RESTIC_REST_PASSWORD', 'RCLONE_CONFIG', 'ssh key'],
    ])
      expect(text.match(new RegExp(`^ +${name} +____`, 'gm')), name).toHaveLength(1)
    expect(text).not.toMatch(/s3cr3t|eu-1|ca\.pem|AWS_PROFILE/)
    expect(textOf([{ locations: [location], code }], { AWS_REGION: 'eu-1' })).not.toContain('Also needed')
  })

  it('says of each server how it comes back: from dumps, or as its data directory', () => {
    const servers = [
      someServer(),
      someServer({ name: 'big', method: 'physical' }),
      someServer({ name: 'far', access: 'url', url: 'postgres://boss:s3cr3t@far/' }),
      someServer({ name: 'more' }),
    ]
    const text = kitText(kitSheet(someProject({ servers }), [{ locations: [location], code }], new Date(), {}))
    expect(text).toContain('PostgreSQL db, from its dumps')
    expect(text).toContain('PostgreSQL big, from its data directory')
    expect(text).toContain('psql --dbname postgres --file "$point"/databases/far/globals.sql')
    expect(text).toContain('And in the same way (more: dumps)')
    expect(text).not.toContain('s3cr3t')
    expect(text.split('\n').filter(line => line.length > 80)).toEqual([])
  })
})

it('keeps codes apart', () => {
  const text = textOf([
    { locations: ['/a', '/b'], code },
    { locations: ['/c'], code: undefined },
    { locations: ['/d'], code: other },
  ])
  // An empty field is of the vaults above it, and of no later one.
  expect(readKit(text).vaults).toEqual([
    { location: '/a', recoveryCode: code },
    { location: '/b', recoveryCode: code },
    { location: '/c', recoveryCode: undefined },
    { location: '/d', recoveryCode: other },
  ])
})
