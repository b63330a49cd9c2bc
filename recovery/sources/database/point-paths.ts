/** Where a server's parts lie in a point. */

/** A name as one step of a path, whatever it holds: safe characters as they are, other bytes percent-encoded. */
export const safeName = (name: string): string =>
  [...Buffer.from(name)]
    .map((byte, index) => (isSafe(byte, index) ? String.fromCharCode(byte) : percent(byte)))
    .join('')

const isSafe = (byte: number, index: number): boolean =>
  /[A-Za-z0-9_]/.test(String.fromCharCode(byte)) || (index > 0 && /[.-]/.test(String.fromCharCode(byte)))
const percent = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`

export const serverPath = (server: string): string => `databases/${safeName(server)}`
export const globalsPath = (server: string): string => `${serverPath(server)}/globals.sql`
export const dumpPath = (server: string, database: string): string => `${serverPath(server)}/${safeName(database)}.dump`
export const basePath = (server: string): string => `${serverPath(server)}/base`
export const tablespacePath = (server: string, oid: string): string => `${serverPath(server)}/tablespaces/${oid}`
/** Folder with the server's configuration files, as they were. */
export const configurationPath = (server: string): string => `${serverPath(server)}/configuration`
