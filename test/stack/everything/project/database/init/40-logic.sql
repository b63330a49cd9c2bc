-- What computes: functions, triggers, views, rules, policies.
SET ROLE app_owner;
SET search_path = shop, public;

CREATE TABLE journal (at timestamptz, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  INSERT INTO shop.journal VALUES ('2024-05-05 05:05:05+00', TG_OP || ' $1 ''quoted'' ' || TG_TABLE_NAME);
  RETURN NEW;
END $body$;
CREATE TRIGGER "Note it" AFTER INSERT OR UPDATE ON parents FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER quiet AFTER DELETE ON parents FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE parents DISABLE TRIGGER quiet;
UPDATE parents SET child = 2 WHERE id = 1;
CREATE FUNCTION twice(i int DEFAULT 1, OUT o int) LANGUAGE sql IMMUTABLE RETURN i * 2;
CREATE FUNCTION whoami() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT current_user::text';
REVOKE ALL ON FUNCTION whoami() FROM PUBLIC;
CREATE PROCEDURE tidy() LANGUAGE plpgsql AS 'BEGIN DELETE FROM shop.journal WHERE false; END';
CREATE AGGREGATE product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);

CREATE VIEW sad_customers WITH (security_barrier) AS SELECT id, name FROM customers WHERE mood = 'sad' WITH CHECK OPTION;
CREATE VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer;
CREATE RULE no_delete AS ON DELETE TO nothing DO INSTEAD NOTHING;
CREATE MATERIALIZED VIEW richest AS SELECT customer, total FROM totals ORDER BY total DESC LIMIT 10;
CREATE UNIQUE INDEX ON richest (customer);
CREATE MATERIALIZED VIEW richest_names AS SELECT c.name FROM richest JOIN customers c ON c.id = customer;
CREATE MATERIALIZED VIEW not_yet AS SELECT 1 AS one WITH NO DATA;

ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE POLICY nobody ON customers AS RESTRICTIVE FOR SELECT TO app_reader USING (false);
CREATE POLICY own ON customers TO app_login USING (nick = current_user) WITH CHECK (true);

RESET ROLE;
CREATE FUNCTION shop.refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''ddl''; END';
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION shop.refuse();
ALTER EVENT TRIGGER watch DISABLE;
CREATE EXTENSION postgres_fdw;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'x');
CREATE USER MAPPING FOR app_login SERVER elsewhere OPTIONS (user 'u', password 'mapping''s secret');
CREATE FOREIGN TABLE shop.far (id int) SERVER elsewhere;

SELECT lo_from_bytea(424242, decode(repeat('00ff10', 500000), 'hex'));
SELECT lo_from_bytea(424243, '');
SELECT lo_put(424243, 100000, 'after a hole');
ALTER LARGE OBJECT 424242 OWNER TO app_owner;
GRANT SELECT ON LARGE OBJECT 424242 TO app_reader;
COMMENT ON LARGE OBJECT 424242 IS 'a scan';
