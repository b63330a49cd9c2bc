import { expect, it } from 'vitest'
import { shownManifest, shownStatement } from './shown-manifest.ts'
import { someManifest, someVolume } from './testing/manifests.ts'

it('names the settings of a database without their values', () => {
  const shown = [
    [
      `ALTER DATABASE %DATABASE% SET "app.jwt_secret" TO 'TOPSECRET';`,
      'ALTER DATABASE %DATABASE% SET "app.jwt_secret" TO …',
    ],
    [
      `ALTER ROLE "a b" IN DATABASE %DATABASE% SET "x.key" TO E'TOP\\\\SECRET';`,
      'ALTER ROLE "a b" IN DATABASE %DATABASE% SET "x.key" TO …',
    ],
    [
      `ALTER DATABASE %DATABASE% SET "search_path" TO "TOPSECRET", "public";`,
      'ALTER DATABASE %DATABASE% SET "search_path" TO …',
    ],
    [`COMMENT ON DATABASE %DATABASE% IS 'password: TOPSECRET';`, 'COMMENT ON DATABASE %DATABASE% IS …'],
    ['ALTER DATABASE %DATABASE% SET TABLESPACE "fast";', 'ALTER …'],
    [`ALTER ROLE "O'Hara" IN DATABASE %DATABASE% SET "x.key" TO 'TOPSECRET';`, 'ALTER …'],
    ['GRANT CONNECT ON DATABASE %DATABASE% TO "app";', 'GRANT CONNECT ON DATABASE %DATABASE% TO "app";'],
    [`WHATEVER 'TOPSECRET'`, 'WHATEVER …'],
  ]
  for (const [statement = '', wanted] of shown) expect(shownStatement(statement)).toBe(wanted)
})

it('shows no password of a network volume', () => {
  const volume = someVolume({ driverOptions: { type: 'cifs', o: 'username=u,password=TOPSECRET' } })
  const shown = shownManifest(someManifest({}, { volumes: [volume] }))
  expect(JSON.stringify(shown)).not.toContain('TOPSECRET')
  expect(shown.volumes[0]?.driverOptions).toEqual({ type: '…', o: '…' })
})
