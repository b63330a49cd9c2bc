import fs from 'node:fs/promises'
import { secretsOf } from '../../drivers/process/secrets.ts'
import { readEnvFile } from '../../project/compose-files.ts'
import type { Project } from '../../project/project.ts'

// Shorter ones are words of any text, and hide nothing.
const shortest = 3
const largestFile = 64 * 1024

/** Values of a project that no output of its hooks may show: of its env files, secret files, services, servers and logins. */
export async function knownSecrets({ configFiles, compose, servers, logins }: Project): Promise<readonly string[]> {
  const kinds = (kind: string) => configFiles.filter(file => file.kind === kind).map(({ path }) => path)
  const files = await Promise.all(kinds('env').map(file => readEnvFile(file, process.env)))
  const variables = [...files, ...(compose?.model.services.map(({ environment }) => environment) ?? []), process.env]
  const values = [
    ...variables.flatMap(env => [...secretsOf({ env }), ...Object.values(env).flatMap(passwordOfUrl)]),
    ...(await Promise.all(kinds('secret').map(secretFile))),
    ...servers.flatMap(({ environment, url }) => [environment.password ?? '', ...passwordOfUrl(url)]),
    ...logins.map(({ password }) => password),
  ]
  // A key of several lines is shown line by line.
  const lines = values.flatMap(value => [value, ...value.split('\n').map(line => line.trim())])
  return [...new Set(lines)].filter(({ length }) => length >= shortest)
}

function passwordOfUrl(value: string | undefined): string[] {
  const [, written] = /:\/\/[^:/?#@\s]*:([^@\s]+)@/.exec(value ?? '') ?? []
  if (written === undefined) return []
  try {
    return [written, decodeURIComponent(written)]
  } catch {
    return [written]
  }
}

async function secretFile(file: string): Promise<string> {
  const text = await fs.readFile(file, 'utf8').catch(() => '')
  return text.length > largestFile ? '' : text.trim()
}
