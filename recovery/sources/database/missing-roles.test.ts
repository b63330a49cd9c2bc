import { expect, it } from 'vitest'
import { isAbout, neededRoles } from './missing-roles.ts'

const attributes = [
  `ALTER ROLE app WITH LOGIN PASSWORD 'x'`,
  `ALTER ROLE "odd ""one""" WITH NOLOGIN`,
  `COMMENT ON ROLE app IS 'of odd'`,
  'GRANT readers TO app WITH ADMIN OPTION GRANTED BY postgres',
  'GRANT readers TO stranger',
]

it('makes the roles that a dump names, and the groups that these are in, and no others', () => {
  const absent = ['app', 'readers', 'stranger', 'odd "one"']
  expect(neededRoles(attributes, absent, 'ALTER TABLE t OWNER TO app;')).toEqual(['app', 'readers'])
  expect(neededRoles(attributes, absent, 'GRANT SELECT ON t TO "odd ""one""";')).toEqual(['odd "one"'])
  expect(neededRoles(attributes, absent, 'CREATE TABLE application (apps int);')).toEqual([])
})

it('gives a missing role its attributes and memberships, and changes no role that is there', () => {
  const about = (missing: string[], others: string[]) =>
    attributes.filter(statement => isAbout(statement, missing, new Set([...missing, ...others])))
  expect(about(['readers'], ['app'])).toEqual([attributes[3]])
  expect(about(['app'], ['postgres'])).toEqual([attributes[0], attributes[2]])
  expect(about(['odd "one"'], ['app', 'readers'])).toEqual([attributes[1]])
})
