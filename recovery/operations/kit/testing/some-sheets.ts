import { codeOfValue } from '../recovery-code.ts'
import { kitSheet } from '../sheet.ts'
import { someKitVolume, someProject, someServer } from './some-project.ts'

export const someCode = codeOfValue(123_456_789n ** 4n)
export const otherCode = codeOfValue(987_654_321n ** 4n)
const printed = new Date('2026-01-02T12:00:00')

const farAway = `s3:s3.eu-central-1.amazonaws.com/${'a-long-way/'.repeat(8)}vault`

/** A kit as most are, and one with everything that a page has to hold. */
export const someSheets = {
  usual: kitSheet(someProject(), [{ locations: ['/mnt/backup/vault'], code: someCode }], printed, {}),
  full: kitSheet(
    someProject({
      servers: [
        someServer(),
        someServer({ name: 'big', method: 'physical' }),
        someServer({ name: 'far', access: 'url' }),
        someServer({ name: 'further' }),
      ],
      volumes: ['uploads', 'photos', 'mails', 'logs', 'more'].map(key => someKitVolume({ key })),
    }),
    [
      {
        locations: ["/mnt/my <b>vault's</b>", 's3:s3.eu-central-1.amazonaws.com/a-bucket-with-a-name/notes'],
        code: someCode,
      },
      { locations: ['sftp:backup@nas.example:/srv/backups/of/the/whole/house/notes'], code: otherCode },
    ],
    printed,
    { AWS_REGION: 'eu-1' },
  ),
  far: kitSheet(someProject(), [{ locations: [farAway], code: someCode }], printed, {}),
  blank: kitSheet(someProject(), [{ locations: ['/mnt/backup/vault'], code: undefined }], printed, {}),
}

/** What each of them says when it is read. */
export const readSheets = {
  usual: { vaults: [{ location: '/mnt/backup/vault', recoveryCode: someCode }], project: 'notes-0123456789' },
  full: {
    vaults: [
      { location: "/mnt/my <b>vault's</b>", recoveryCode: someCode },
      { location: 's3:s3.eu-central-1.amazonaws.com/a-bucket-with-a-name/notes', recoveryCode: someCode },
      { location: 'sftp:backup@nas.example:/srv/backups/of/the/whole/house/notes', recoveryCode: otherCode },
    ],
    project: 'notes-0123456789',
  },
  far: { vaults: [{ location: farAway, recoveryCode: someCode }], project: 'notes-0123456789' },
  blank: { vaults: [{ location: '/mnt/backup/vault', recoveryCode: undefined }], project: 'notes-0123456789' },
}
