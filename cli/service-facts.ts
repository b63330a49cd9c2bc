import path from 'node:path'
import { configOf, type ProjectPlace, type ServiceFacts } from '../recovery/operations/index.ts'
import { configuredVaults, type Context } from './context.ts'
import { credentialsFile } from './credentials.ts'
import { globalArguments } from './global-arguments.ts'

const top = path.join(import.meta.dirname, '..')

/** What a service is to know that does for this project what this command line would. */
export async function serviceFacts(place: ProjectPlace, context: Context): Promise<ServiceFacts> {
  const config = await configOf(place)
  const { options } = context
  const given = [options.passwordFile, options.targetPasswordFile, ...(options.file ?? [])]
  const locations = configuredVaults(context, { ...place, config })
  const absolute = absolutePaths(context)
  return {
    ...place,
    projectName: options.projectName ?? config.name ?? path.basename(place.directory),
    programFolder: top,
    program: path.join(top, 'bin/aidatavault'),
    words: globalArguments({ ...absolute, projectDirectory: place.directory }),
    vaultFolders: locations.filter(location => path.isAbsolute(location)),
    credentials: credentialsFile(),
    files: given.flatMap(file => (file === undefined ? [] : [path.resolve(file)])).filter(isOutside(place.root)),
  }
}

function absolutePaths({ options }: Context) {
  const { passwordFile, targetPasswordFile, file, vault } = options
  return {
    ...options,
    ...(passwordFile === undefined ? {} : { passwordFile: path.resolve(passwordFile) }),
    ...(targetPasswordFile === undefined ? {} : { targetPasswordFile: path.resolve(targetPasswordFile) }),
    ...(file === undefined ? {} : { file: file.map(name => path.resolve(name)) }),
    ...(vault === undefined ? {} : { vault: vault.map(place => (place.includes(':') ? place : path.resolve(place))) }),
  }
}

const isOutside = (root: string) => (file: string) => path.relative(root, file).startsWith('..')
