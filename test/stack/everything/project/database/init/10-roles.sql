-- Roles: with and without login, nested, with settings of their own, with names that need quoting.
CREATE ROLE app_owner NOLOGIN;
CREATE ROLE app_reader NOLOGIN NOINHERIT;
CREATE ROLE app_login LOGIN CONNECTION LIMIT 20 IN ROLE app_owner;
CREATE ROLE auditor LOGIN BYPASSRLS REPLICATION PASSWORD 'auditor''s own';
CREATE ROLE "Odd ""Röle""; --" LOGIN CREATEDB CREATEROLE PASSWORD 'x' VALID UNTIL '2099-01-01 00:00:00+00';
CREATE ROLE expired LOGIN PASSWORD 'y' VALID UNTIL '2001-01-01 00:00:00+00';

GRANT app_reader TO "Odd ""Röle""; --" WITH ADMIN OPTION;
GRANT app_reader TO app_login WITH INHERIT FALSE, SET TRUE;
GRANT pg_monitor TO auditor;
SET ROLE "Odd ""Röle""; --";
GRANT app_reader TO auditor;
RESET ROLE;

ALTER ROLE app_login SET search_path = shop, public;
ALTER ROLE app_login SET statement_timeout = '5min';
ALTER ROLE auditor SET log_statement = 'all';
ALTER ROLE app_login IN DATABASE app SET work_mem = '32MB';
ALTER ROLE ALL IN DATABASE app SET lock_timeout = '7s';
GRANT SET ON PARAMETER log_min_duration_statement TO auditor;
COMMENT ON ROLE auditor IS 'it''s only looking';
