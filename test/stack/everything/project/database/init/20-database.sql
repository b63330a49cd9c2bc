-- What pg_dump without --create leaves out: everything that is said about the database itself.
ALTER DATABASE app OWNER TO app_owner;
ALTER DATABASE app SET timezone = 'Europe/Berlin';
ALTER DATABASE app SET "app.note" = 'it''s "quoted", with $dollars$ and a \ in it';
ALTER DATABASE app CONNECTION LIMIT 60;
REVOKE ALL ON DATABASE app FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE app TO app_owner, auditor;
GRANT CONNECT ON DATABASE app TO app_reader WITH GRANT OPTION;
COMMENT ON DATABASE app IS 'the "shop", its owner''s pride';

CREATE SCHEMA shop AUTHORIZATION app_owner;
CREATE SCHEMA "Odd ""Schema"" ü";
GRANT USAGE ON SCHEMA "Odd ""Schema"" ü" TO app_owner;
COMMENT ON SCHEMA shop IS E'two\nlines';
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA shop GRANT SELECT ON TABLES TO app_reader;

CREATE EXTENSION vector;
CREATE EXTENSION hstore SCHEMA "Odd ""Schema"" ü";
CREATE EXTENSION pg_trgm;

CREATE COLLATION shop.phonebook (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION shop.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- In no dump at all: what was set for the whole server.
ALTER SYSTEM SET log_min_duration_statement = '7s';
