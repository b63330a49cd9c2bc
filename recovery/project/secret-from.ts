import path from 'node:path'
import { RecoveryError } from '../domain/errors.ts'
import { readEnvFile } from './compose-files.ts'

/**
 * The secret that `key` of aidatavault.yml names: 'FILE#KEY', an env file seen from the project's directory and the key in it, or
 * '$NAME', a variable of the environment. Rejects with project-invalid where there is none.
 */
export async function readSecret(key: string, from: string, directory: string): Promise<string> {
  const [, variable] = /^\$(\w+)$/.exec(from) ?? []
  if (variable !== undefined) {
    const value = process.env[variable]
    if (value) return value
    throw missing(`${key}: the environment has no ${variable}`, `set ${variable}, or name an env file: FILE#KEY`)
  }
  const [file, name] = [from.slice(0, from.indexOf('#')), from.slice(from.indexOf('#') + 1)]
  const value = (await readEnvFile(path.resolve(directory, file), process.env))[name]
  if (value) return value
  throw missing(
    `${key}: ${file} has no value for ${name}`,
    `set ${name} in ${path.resolve(directory, file)}, or name another file and key`,
  )
}

const missing = (what: string, hint: string) =>
  new RecoveryError('project-invalid', `aidatavault.yml, ${what}`, { hint })
