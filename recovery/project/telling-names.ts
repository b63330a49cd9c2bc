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
