import { describe, expect, it } from 'vitest'
import { parseGlobals } from './globals-script.ts'

const script = `--
-- PostgreSQL database cluster dump
--

\\restrict abcDEF

SET default_transaction_read_only = off;

--
-- Roles
--

CREATE ROLE "odd "";role";
ALTER ROLE "odd "";role" WITH SUPERUSER INHERIT;
COMMENT ON ROLE "odd "";role" IS 'CREATE ROLE fake;
CREATE ROLE more';
CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:x==$y=:z=';
ALTER ROLE app SET search_path TO '$user', 'a;b';

GRANT app TO "odd "";role" WITH INHERIT TRUE GRANTED BY postgres;

CREATE TABLESPACE far OWNER app LOCATION E'/it''s\\\\here';
ALTER TABLESPACE far SET (random_page_cost=1.1);
GRANT ALL ON TABLESPACE far TO app;

\\unrestrict abcDEF

-- PostgreSQL database cluster dump complete
`

describe('the script of the roles', () => {
  const parsed = parseGlobals(script)

  it('names the roles that it creates, and no other', () => {
    expect(parsed.roles).toEqual(['odd ";role', 'app'])
  })

  it('keeps every statement that gives them something, in order', () => {
    expect(parsed.attributes).toEqual([
      'SET default_transaction_read_only = off',
      'ALTER ROLE "odd "";role" WITH SUPERUSER INHERIT',
      `COMMENT ON ROLE "odd "";role" IS 'CREATE ROLE fake;\nCREATE ROLE more'`,
      `ALTER ROLE app WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:x==$y=:z='`,
      `ALTER ROLE app SET search_path TO '$user', 'a;b'`,
      'GRANT app TO "odd "";role" WITH INHERIT TRUE GRANTED BY postgres',
    ])
  })

  it('tells the tablespaces, which need a place of their own, apart', () => {
    const create = `CREATE TABLESPACE far OWNER app LOCATION E'/it''s\\\\here'`
    expect(parsed.tablespaces).toEqual([{ name: 'far', location: "/it's\\here", create }])
    expect(parsed.tablespaceDetails).toEqual([
      'ALTER TABLESPACE far SET (random_page_cost=1.1)',
      'GRANT ALL ON TABLESPACE far TO app',
    ])
  })
})
