import path from 'node:path/posix'

// What lies where in a point, in the words of the project.

/** The part of the project that a path of a point belongs to: database db/app, volume uploads, code. */
export function partOf(pathInPoint: string): string {
  const [kind, name = '', ...rest] = pathInPoint.replace(/^\//, '').split('/')
  switch (kind) {
    case 'databases':
      return databasePart(name, rest[0] ?? '')
    case 'volumes':
      return `volume ${plain(name)}`
    case 'images':
      return `image ${plain(name)}`
    case 'config':
      return `configuration ${path.join(name, ...rest)}`
    case 'code':
      return 'code'
    case 'manifest.json':
      return "the point's own description"
    default:
      return kind === '' || kind === undefined ? 'everything' : pathInPoint
  }
}

function databasePart(server: string, file: string): string {
  if (file === 'globals.sql') return `roles of ${plain(server)}`
  if (file.endsWith('.dump')) return `database ${plain(server)}/${plain(file.slice(0, -'.dump'.length))}`
  return `data of ${plain(server)}`
}

function plain(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
