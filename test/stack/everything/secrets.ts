/** server/.env with values that shells, Compose and SQL each read in a way of their own. No line break at the end. */
export const envFile = `# Secrets of the shop; "quotes' in a comment
POSTGRES_PASSWORD='pö"st $gr$$es #1'
DB_HOST=db
DB_NAME=app
DB_USER=app_login
DB_PASSWORD='app pass "word" \\ $HOME $$ # é€ ;--'
APP_KEY="-----BEGIN KEY-----
line two # is no comment
  'indented'
-----END KEY-----"
APP_DOLLARS='it has \${NOT_A_VARIABLE} and $$ and $1'
APP_DOUBLE="a \\"quoted\\" word and a tab\\there"
APP_PLAIN=plain words with spaces # and a comment
APP_HASH=abc#def
APP_EMPTY=
APP_UNICODE=Grüße 日本語 😀
APP_SPACES='  around  '
APP_WINDOWS='C:\\new\\table'
export APP_EXPORTED=yes`

/** The file behind Compose's own `secrets:`, any bytes. */
export const signingKey = Buffer.from('key\0with\r\nodd\xffbytes\n', 'latin1')

/** What must never be in anything that the program prints. */
export const secretTexts = [
  'pö"st $gr$$es #1',
  'app pass "word"',
  'BEGIN KEY',
  'is no comment',
  'NOT_A_VARIABLE',
  'Grüße 日本語',
  'C:\\new\\table',
  "auditor's own",
  "mapping's secret",
  'url-p4ssw0rd',
  'SCRAM-SHA-256',
] as const
