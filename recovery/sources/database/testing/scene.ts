import type { Run } from '../../../domain/run.ts'
import type { PostgresAccess } from '../../../drivers/postgres/postgres-access.ts'

/** A database whose name is everything that a name must not be. */
export const oddDatabase = `odd "name" = 'x' %DATABASE% \\ ü/..`
export const rolePassword = `pa'ss\\wörd`

const oddName = oddDatabase.replaceAll('"', '""')

// What the server as a whole has. Each statement by itself: CREATE DATABASE runs in no transaction.
const server = [
  `CREATE ROLE app LOGIN PASSWORD 'pa''ss\\wörd' CONNECTION LIMIT 7 VALID UNTIL '2099-01-01'`,
  `CREATE ROLE "odd ""role""" NOINHERIT`,
  `CREATE ROLE reader`,
  `CREATE ROLE replicator REPLICATION LOGIN`,
  `GRANT reader TO app WITH ADMIN OPTION`,
  `ALTER ROLE app SET work_mem = '7MB'`,
  `ALTER ROLE app SET search_path = "$user", shop, public`,
  `COMMENT ON ROLE reader IS E'reads;\\nnothing else'`,
  `CREATE DATABASE shop OWNER app TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' CONNECTION LIMIT 50`,
  `CREATE DATABASE "${oddName}" OWNER "odd ""role"""`,
  `CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
  `CREATE DATABASE stencil IS_TEMPLATE true`,
  `CREATE DATABASE closed ALLOW_CONNECTIONS false`,
  `COMMENT ON DATABASE shop IS 'the shop''s %DATABASE%'`,
  `ALTER DATABASE shop SET search_path = shop, "odd ""schema""", public`,
  `ALTER DATABASE shop SET statement_timeout = '1h'`,
  `ALTER DATABASE shop SET default_transaction_read_only = on`,
  `ALTER DATABASE shop SET app.greeting = 'it''s a "quoted" value, = \\'`,
  `ALTER ROLE app IN DATABASE shop SET lock_timeout = '3s'`,
  `REVOKE CONNECT ON DATABASE shop FROM PUBLIC`,
  `GRANT CONNECT ON DATABASE shop TO reader WITH GRANT OPTION`,
  `GRANT CREATE ON DATABASE "${oddName}" TO reader`,
]

const shop = `
  SET default_transaction_read_only = off;
  SET SESSION AUTHORIZATION reader;
  GRANT CONNECT ON DATABASE shop TO replicator;
  RESET SESSION AUTHORIZATION;
  CREATE SCHEMA shop AUTHORIZATION app;
  CREATE SCHEMA "odd ""schema""";
  CREATE SCHEMA extensions;
  SET search_path = shop, public;
  CREATE EXTENSION hstore SCHEMA extensions;
  CREATE EXTENSION pg_trgm SCHEMA public VERSION '1.5';
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
  CREATE DOMAIN price AS numeric(10, 2) CHECK (value >= 0);
  CREATE COLLATION german (provider = icu, locale = 'de-u-kn-true');
  CREATE TABLE customer (
    id bigint GENERATED ALWAYS AS IDENTITY (START 1000 INCREMENT 7) PRIMARY KEY,
    name text NOT NULL COLLATE german,
    upper_name text GENERATED ALWAYS AS (upper(name)) STORED,
    mood mood DEFAULT 'ok',
    tags extensions.hstore,
    photo bytea);
  INSERT INTO customer (name, tags, photo)
    SELECT E'näme\\n\\t' || n, extensions.hstore('n', n::text), decode(md5(n::text), 'hex')
    FROM generate_series(1, 500) AS n;
  CREATE INDEX ON customer USING gin (name public.gin_trgm_ops);
  CREATE TABLE sale (id serial, customer bigint REFERENCES customer, at date NOT NULL, amount price)
    PARTITION BY RANGE (at);
  CREATE TABLE sale_2024 PARTITION OF sale FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE sale_2025 PARTITION OF sale FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE sale_rest PARTITION OF sale DEFAULT;
  ALTER TABLE sale ADD PRIMARY KEY (id, at);
  CREATE INDEX sale_amount ON ONLY sale (amount);
  INSERT INTO sale (customer, at, amount)
    SELECT 1000 + 7 * (n % 500), '2024-06-01'::date + n, n FROM generate_series(1, 900) AS n;
  CREATE TABLE parent (a int); CREATE TABLE child (b text) INHERITS (parent);
  INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (3, 'three');
  CREATE TABLE "odd ""schema"""."ta.b""le	tab
line" ("co""l" text);
  INSERT INTO "odd ""schema""".${`"ta.b""le	tab\nline"`} VALUES (NULL), (''), (E'\\\\N');
  CREATE TABLE empty_one ();
  CREATE UNLOGGED TABLE cache (k int); INSERT INTO cache VALUES (1), (2), (3);
  CREATE SEQUENCE down INCREMENT -3 MAXVALUE 100 START 100; SELECT nextval('down'), nextval('down');
  CREATE SEQUENCE unused;
  CREATE SEQUENCE huge START 9007199254740993; SELECT nextval('huge');
  CREATE MATERIALIZED VIEW total AS SELECT sum(amount) AS amount FROM sale;
  CREATE MATERIALIZED VIEW names AS SELECT name FROM customer;
  CREATE MATERIALIZED VIEW later AS SELECT 1 AS one WITH NO DATA;
  CREATE VIEW happy WITH (security_barrier) AS SELECT * FROM customer WHERE mood = 'happy';
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN NEW.name := NEW.name || ';'; RETURN NEW; END $body$;
  CREATE TRIGGER touch BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE PROCEDURE noop() LANGUAGE sql AS 'SELECT 1';
  CREATE AGGREGATE product(numeric) (sfunc = numeric_mul, stype = numeric, initcond = 1);
  CREATE RULE quiet AS ON DELETE TO parent DO INSTEAD NOTHING;
  CREATE STATISTICS together (dependencies) ON customer, at FROM sale;
  ALTER TABLE customer ENABLE ROW LEVEL SECURITY; ALTER TABLE customer FORCE ROW LEVEL SECURITY;
  CREATE POLICY own ON customer FOR SELECT TO reader USING (name = current_user);
  ALTER TABLE customer OWNER TO app;
  ALTER TABLE sale_rest ADD CONSTRAINT young CHECK (at > '1990-01-01') NOT VALID;
  ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA shop GRANT SELECT ON TABLES TO reader;
  GRANT SELECT (name), UPDATE (mood) ON customer TO reader;
  COMMENT ON TABLE customer IS 'people';
  COMMENT ON COLUMN customer.name IS E'as they\\nwrite it';
  SELECT lo_from_bytea(0, decode(md5(n::text), 'hex')) FROM generate_series(1, 5) AS n;
  CREATE PUBLICATION news FOR TABLE customer, sale;
  CREATE FUNCTION audit() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
  CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION audit();
  CREATE FOREIGN DATA WRAPPER nowhere;
  CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
  CREATE USER MAPPING FOR app SERVER far OPTIONS (secret 'x');
  CREATE FOREIGN TABLE distant (a int) SERVER far;
  INSERT INTO customer (name) VALUES ('after the view');`

const contents: readonly (readonly [database: string, sql: string])[] = [
  ['shop', shop],
  [
    oddDatabase,
    `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, 100) n`,
  ],
  ['latin', `CREATE TABLE words (w text); INSERT INTO words VALUES ('Größe'), ('café'); COMMENT ON TABLE words IS 'é'`],
  ['template1', `CREATE TABLE in_every_new_database (a int); INSERT INTO in_every_new_database VALUES (1)`],
  [
    'postgres',
    `CREATE TABLE notes (id int GENERATED BY DEFAULT AS IDENTITY, text text); INSERT INTO notes (text) VALUES ('x'), ('y')`,
  ],
]

/** Fills a new server with one of everything that a backup can get wrong. */
export async function buildScene(access: PostgresAccess, run: Run): Promise<void> {
  for (const statement of server) await access.execute('postgres', statement, { oneTransaction: false }, run)
  for (const [database, sql] of contents) await access.execute(database, sql, { oneTransaction: true }, run)
}
