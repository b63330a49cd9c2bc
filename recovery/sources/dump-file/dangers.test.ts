import { describe, expect, it } from 'vitest'
import { dangerIn } from './dangers.ts'
import { ScriptJudge } from './judge.ts'
import { ScriptScanner } from './script/scanner.ts'

function pieces(script: string) {
  const scanner = new ScriptScanner()
  return [...scanner.push(Buffer.from(script)), ...scanner.end().pieces]
}

const tokensOf = (sql: string) =>
  pieces(sql).flatMap(piece => (piece.kind === 'statement' ? [piece.tokens] : []))[0] ?? []

// What pg_dump writes, one of each.
const harmless = [
  "SET client_encoding = 'UTF8';",
  "SELECT pg_catalog.set_config('search_path', '', false);",
  "SELECT pg_catalog.setval('public.t_id_seq', 12, true);",
  "SELECT pg_catalog.lowrite(0, '\\x616263');",
  'CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;',
  "CREATE FUNCTION public.f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'copy me from that program;'; END $$;",
  'COPY public.t (id, "from") FROM stdin;',
  "INSERT INTO public.t VALUES (1, 'look at pg_read_file and lo_import');",
  "COMMENT ON TABLE public.t IS 'COPY x FROM PROGRAM ''id''';",
  'GRANT SELECT ON TABLE public.t TO reader;',
  'ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO reader;',
  "CREATE USER MAPPING FOR app SERVER far OPTIONS (secret 'x');",
  'CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION public.audit();',
  'ALTER TABLE ONLY public.program ADD CONSTRAINT program_pkey PRIMARY KEY (id);',
  'REFRESH MATERIALIZED VIEW public.total;',
  'ALTER LARGE OBJECT 4711 OWNER TO app;',
  'CREATE TRIGGER t BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch();',
]

const dangerous = [
  "COPY public.t FROM PROGRAM 'id';",
  "COPY t TO PROGRAM 'sh';",
  "COPY public.t FROM '/etc/passwd';",
  "copy t to E'/tmp/x';",
  'COPY t FROM stdin WITH (FORMAT csv);',
  "SELECT lo_import('/etc/passwd');",
  'SELECT "lo_export"(1, \'/tmp/x\');',
  "SELECT pg_read_file('x');",
  "INSERT INTO t SELECT pg_read_binary_file('x');",
  "CREATE VIEW v AS SELECT * FROM pg_ls_dir('.');",
  'CREATE EXTENSION plpython3u;',
  'CREATE EXTENSION IF NOT EXISTS "plperlu" WITH SCHEMA pg_catalog;',
  'CREATE EXTENSION file_fdw;',
  "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x.so', 'f';",
  'CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE plpython3u AS $$ import os $$;',
  "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN COPY t FROM PROGRAM 'id'; END $$;",
  "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS E'SELECT pg_re\\x61d_file(1)';",
  'CREATE TRUSTED LANGUAGE x HANDLER y;',
  'DO $$ BEGIN PERFORM 1; END $$;',
  "ALTER SYSTEM SET archive_command = 'id';",
  "LOAD 'x';",
  'CALL p();',
  'CREATE ROLE evil SUPERUSER;',
  'ALTER USER postgres PASSWORD NULL;',
  'GRANT pg_execute_server_program TO app;',
  'GRANT postgres TO app;',
  "SECURITY LABEL ON TABLE t IS 'x';",
  'UPDATE pg_catalog.pg_authid SET rolsuper = true;',
  'COPY pg_catalog.pg_proc (prosrc) FROM stdin;',
  "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p;",
  "SELECT set_config('session_preload_libraries', 'x', false);",
  'SELECT U&"pg\\005fread_file"(\'x\');',
  "SET client_encoding = 'SJIS';",
  "SELECT E'a' 'b\\' ; -- ';",
  'SELECT evil();',
  "CREATE TABLESPACE x LOCATION '/tmp';",
]

describe('what may be dangerous in a dump', () => {
  it.each(harmless)('lets pass what pg_dump writes: %s', sql => {
    expect(dangerIn(tokensOf(sql))).toBeUndefined()
  })

  it.each(dangerous)('names %s', sql => {
    expect(tokensOf(sql).length).toBeGreaterThan(0)
    expect(dangerIn(tokensOf(sql))).toEqual(expect.any(String))
  })
})

function judged(script: string, options: Partial<ConstructorParameters<typeof ScriptJudge>[0]> = {}) {
  const judge = new ScriptJudge({ isCluster: false, into: 'new "one"', ...options })
  const verdicts = pieces(script).map(piece => judge.judge(piece))
  const text = Buffer.concat(verdicts.flatMap(({ bytes }) => (bytes ? [bytes] : []))).toString()
  return { text, dangers: verdicts.flatMap(({ danger }) => (danger ? [danger] : [])) }
}

describe('what of a dump goes into the new database', () => {
  it.each([
    '\\! id',
    '\\copy t from x',
    '\\i /etc/passwd',
    '\\o /tmp/x',
    '\\g |sh',
    '\\gexec',
    '\\set x y',
    '\\connect other',
    '\\c - - evil.example',
  ])('names the line of psql command %s', command => {
    expect(judged(`SELECT 1\n;\n${command}\n`).dangers).toMatchObject([{ line: 3 }])
    expect(judged(`SELECT 1\n${command}\n;`).dangers).toMatchObject([{ line: 2 }])
  })

  it('never lets \\connect through, and leaves out what makes the old database or takes it away', () => {
    const { text, dangers } = judged(
      'DROP DATABASE app;\n-- Name: app; Type: DATABASE\nCREATE DATABASE app;\nALTER DATABASE app OWNER TO x;\n\\connect app\n\\restrict a\nSELECT 1;\n',
    )
    expect(text).not.toMatch(/DATABASE app|connect|restrict a/)
    expect(text).toContain('SELECT 1;')
    expect(dangers).toEqual([])
    expect(judged('\\connect other\n').text).toBe('')
    expect(judged('-- Name: x; Type: TABLE\nDROP DATABASE other;\n').dangers).toHaveLength(1)
  })

  it('names a statement whose end is too far away to be looked at, unless it is rows', () => {
    const padding = `/* ${'x'.repeat(2 << 20)} */`
    expect(judged(`SELECT ${padding} evil();\n`).dangers).not.toEqual([])
    expect(judged(`CREATE TABLE t ${padding} (a int);\n`).dangers).not.toEqual([])
    expect(judged(`INSERT INTO t VALUES ${padding} (1);\n`).dangers).toEqual([])
    expect(judged(`INSERT INTO t SELECT ${padding} lo_import('x');\n`).dangers).not.toEqual([])
  })

  it('gives the settings of the old database to the new one', () => {
    const { text } = judged(
      `CREATE DATABASE app;\nALTER DATABASE app SET work_mem TO '7MB';\nCOMMENT ON DATABASE app IS 'app';\n`,
    )
    expect(text).toContain(`ALTER DATABASE "new ""one""" SET work_mem TO '7MB';`)
    expect(text).toContain(`COMMENT ON DATABASE "new ""one""" IS 'app';`)
  })

  it('leaves out what --clean drops, and nothing that comes later', () => {
    const { text } = judged(
      'SET a = 1;\nDROP TABLE public.t;\nALTER TABLE ONLY public.t DROP CONSTRAINT x;\nDROP SCHEMA public;\n--\n-- Name: public; Type: SCHEMA; Schema: -; Owner: -\n--\nCREATE SCHEMA public;\nDROP TABLE later;\n',
    )
    expect(text).toContain('SET a = 1;')
    expect(text).not.toContain('public.t')
    expect(text).toMatch(/DROP SCHEMA IF EXISTS public;\s[^]*CREATE SCHEMA public;[^]*DROP TABLE later;/)
  })

  it('takes of a dump of many what is of the one alone', () => {
    const script = `CREATE ROLE x;\n\\connect one\n-- PostgreSQL database dump\nCOPY public.a (a) FROM stdin;\n1\n\\.\n\\connect two\n-- PostgreSQL database dump\nCOPY public.b (b) FROM stdin;\n2\n\\.\nDO 'x';\n`
    const one = judged(script, { isCluster: true, database: 'one' })
    expect(one.text).toContain('COPY public.a (a) FROM stdin;\n1\n\\.')
    expect(one.text).not.toMatch(/public\.b|CREATE ROLE|^2$/m)
    expect(one.dangers).toEqual([])
    expect(judged(script, { isCluster: true, database: 'two' }).dangers).toHaveLength(1)
  })
})
