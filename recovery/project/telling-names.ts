import path from 'node:path'

const env = /^(\.env(rc)?([._-].+)?|.+\.env)$/i
// A pattern to fill in, without secrets: code.
const example = /(^|[._-])(example|sample|template|dist|tpl|tmpl|defaults?)([._-]|$)/i

/** Whether a file is one of variables and secrets by its name: .env, .env.local, prod.env; not .env.example. */
export function isEnvFile(file: string): boolean {
  const name = path.basename(file)
  return env.test(name) && !example.test(name)
}

const madeAnew =
  /(^|\/)(node_modules|bower_components|__pycache__|\.venv|venv|\.tox|\.nox|\.(pytest|mypy|ruff|parcel|sass)[_-]cache|\.turbo|\.gradle|\.terraform|\.next|\.nuxt|\.svelte-kit|\.DS_Store)$|\.(pyc|pyo|swp|class|o)$/

/** Whether it is what package managers and compilers make anew from the code. Everything else may be data. */
export const isMadeAnew = (file: string): boolean => madeAnew.test(file)

const builtAnew =
  /(^|\/)(dist|build|target|coverage|htmlcov|\.coverage|\.nyc_output|\.cache|\.vite|\.angular|\.output|\.docusaurus|\.eslintcache|[^/]+\.egg-info)$|\.(log|tsbuildinfo)$/

/** The same of what git ignores and no service mounts, where a build's output and logs have their usual names. */
export const isBuiltAnew = (file: string): boolean => isMadeAnew(file) || builtAnew.test(file)

const examplePart = /[._-]?(example|sample|template|dist|tpl|tmpl)(?=[._-]|$)/i

/** The env file that an example is for: '.env' for '.env.example' and 'env.sample', 'prod.env' for 'prod.env.dist'. */
export function envFileOf(file: string): string | undefined {
  const name = path.basename(file)
  const bare = name.replace(examplePart, '')
  if (bare === name) return undefined
  const wanted = bare === 'env' ? '.env' : bare
  return isEnvFile(wanted) ? path.join(path.dirname(file), wanted) : undefined
}

const secretName =
  /PASS(WORD|WD|PHRASE)?($|_)|PASSWORD|SECRET|TOKEN|API_?KEY|(PRIVATE|ACCESS|ENCRYPTION|SIGNING|MASTER|APP)_?KEY|CREDENTIAL|SALT($|_)|PEPPER|(^|_)KEY$/i
const harmlessName =
  /PUBLIC|(_FILE|_PATH|_DIR|_ID|_TTL|_AGE|_EXPIRES?(_IN)?|_EXPIRY|_EXPIRATION|_LENGTH|_NAME|_HEADER|_ALGORITHM|_ROUNDS|_URL|_URI|_USER)$/i

/** Whether a variable holds a secret by its name: POSTGRES_PASSWORD, JWT_SECRET; not TOKEN_TTL, SECRET_FILE. */
export const tellsSecret = (name: string): boolean => secretName.test(name) && !harmlessName.test(name)

const placeholder =
  /^(change[-_ ]?(me|this|it)?.*|replace[-_ ]?(me|this|with)?.*|your[-_ ].*|my[-_ ]?(secret|password|token|key)|<.*>|\{.*\}|\[.*\]|x{3,}|\*{3,}|\.{3,}|todo|tbd|fixme|secret|password|passwd|pass|example|placeholder|dummy|insert.*|enter.*|s3cret|none|null)$/i

/** Whether a value only marks the place of one: changeme, <your key>, xxx. */
export const isPlaceholder = (value: string): boolean => placeholder.test(value.trim())
