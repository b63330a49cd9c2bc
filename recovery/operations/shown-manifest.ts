import type { Manifest } from '../../contract/manifest.ts'

/**
 * A manifest as it may be shown: what is only in the encrypted point for recovery to read, and can hold a secret, is there
 * by its name alone. That is the value of a database's settings and comments, and of a volume driver's options.
 */
export const shownManifest = (manifest: Manifest): Manifest => ({
  ...manifest,
  servers: manifest.servers.map(server => ({
    ...server,
    databases: server.databases.map(database => ({ ...database, settings: database.settings.map(shownStatement) })),
  })),
  volumes: manifest.volumes.map(volume => ({ ...volume, driverOptions: namesOnly(volume.driverOptions) })),
})

const namesOnly = (options: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.keys(options).map(name => [name, '…']))

/** GRANT and REVOKE name roles alone. In every other statement the value comes after the first TO, IS or quote. */
export function shownStatement(statement: string): string {
  if (/^(GRANT|REVOKE) [^']*$/.test(statement)) return statement
  const upToValue = /^[^']*? (?:TO|IS)(?= )/.exec(statement)?.[0] ?? /^\w*/.exec(statement)?.[0] ?? ''
  return `${upToValue} …`
}
