-- More databases: other encodings, other locale providers, a name for every quote; and the ones that come with a server.
CREATE DATABASE "Archiv ""1999""'s é/..%" OWNER "Odd ""Röle""; --" TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';
CREATE DATABASE sorted TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' ICU_RULES '&b < a' LOCALE 'en_US.UTF-8';
CREATE DATABASE plain TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C.UTF-8';
CREATE DATABASE blank;
CREATE DATABASE pattern IS_TEMPLATE true;

-- \connect has quoting rules of its own; a variable has none.
SELECT datname AS archive FROM pg_database WHERE datname LIKE 'Archiv%' \gset
\connect :"archive"
CREATE TABLE letters (id serial PRIMARY KEY, text text);
INSERT INTO letters (text) VALUES ('Grüße'), ('ÿ'), (NULL);
SELECT lo_from_bytea(0, 'one more') > 0;
GRANT CREATE ON DATABASE :"archive" TO app_reader;

\connect sorted
CREATE TABLE words (word text PRIMARY KEY);
INSERT INTO words VALUES ('a'), ('b'), ('ä'), ('ae'), ('B');
\connect plain
CREATE TABLE words (word text PRIMARY KEY);
INSERT INTO words VALUES ('a'), ('B'), ('ß');
\connect pattern
CREATE TABLE seed (id int);
INSERT INTO seed VALUES (1);
\connect postgres
CREATE TABLE people_use_this_too (id int PRIMARY KEY, text text);
INSERT INTO people_use_this_too VALUES (1, 'by mistake, and for years');
COMMENT ON DATABASE postgres IS 'not only for administration';
\connect template1
CREATE EXTENSION citext;
CREATE TABLE in_every_new_database (id int);
INSERT INTO in_every_new_database VALUES (7);
