import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { envFileOf, findComposeFiles, findRoot, isEnvFile, isMadeAnew } from '../../project/index.ts'
import type { Project } from '../../project/project.ts'

/** An env file that a folder has, or should have. Absolute paths. */
export interface EnvPlace {
  readonly file: string
  /** undefined: there is none. */
  readonly text: string | undefined
  /** Of st_mode, the 12 low bits. */
  readonly mode: number
  readonly example: { readonly file: string; readonly text: string } | undefined
}

/** The env files of a folder, whether Compose can make sense of it or not. */
export interface ConfigSurvey {
  readonly root: string
  readonly directory: string
  readonly hasGit: boolean
  readonly places: readonly EnvPlace[]
  /** Absolute, with their text. */
  readonly composeFiles: readonly { readonly file: string; readonly text: string }[]
}

/** Looks through the project's folder; without a project, through the code that `directory` lies in. */
export async function surveyConfig(directory: string, project: Project | undefined, run: Run): Promise<ConfigSurvey> {
  const folder = project?.directory ?? (await fs.realpath(directory))
  const { root, git } = project ? { root: project.root, git: project.git } : await findRoot(folder, run)
  const data = new Set(project?.volumes.flatMap(({ kind, name }) => (kind === 'bind' ? [name] : [])))
  const names = await filesIn(root, data, run)
  const composeFiles = project
    ? project.facts.composeFiles.map(file => path.resolve(root, file))
    : ((await findComposeFiles(folder, process.env))?.files ?? [])
  return {
    ...{ root, directory: folder, hasGit: git !== null },
    places: await placesOf(names),
    composeFiles: await Promise.all(composeFiles.map(async file => ({ file, text: (await textOf(file)) ?? '' }))),
  }
}

async function placesOf(names: readonly string[]): Promise<EnvPlace[]> {
  const examples = new Map(names.flatMap(name => (envFileOf(name) ? [[envFileOf(name)!, name] as const] : [])))
  const files = [...new Set([...names.filter(isEnvFile), ...examples.keys()])].sort()
  return Promise.all(
    files.map(async file => {
      const example = examples.get(file)
      return {
        ...{ file, text: await textOf(file), mode: await modeOf(file) },
        example: example === undefined ? undefined : { file: example, text: (await textOf(example)) ?? '' },
      }
    }),
  )
}

const textOf = (file: string) =>
  fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })

const modeOf = (file: string) =>
  fs.stat(file).then(
    ({ mode }) => mode & 0o7777,
    () => 0,
  )

// Deeper or wider than this is no project.
const mostFolders = 20_000

async function filesIn(root: string, data: ReadonlySet<string>, run: Run): Promise<string[]> {
  const [files, folders]: [string[], string[]] = [[], [root]]
  for (let at = 0; at < folders.length && at < mostFolders; at++) {
    run.signal.throwIfAborted()
    for (const entry of await fs.readdir(folders[at]!, { withFileTypes: true }).catch(() => [])) {
      const place = path.join(folders[at]!, entry.name)
      const isOurs = entry.name === '.git' || entry.name === '.aidatavault'
      if (!entry.isDirectory()) files.push(place)
      else if (!isOurs && !isMadeAnew(entry.name) && !data.has(place)) folders.push(place)
    }
  }
  return files
}
