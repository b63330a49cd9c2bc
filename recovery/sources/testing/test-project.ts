import path from 'node:path'
import type { Run, RunEvent } from '../../domain/run.ts'
import type { Project, ProjectVolume } from '../../project/project.ts'

/** A project in `root`: nothing but the folder unless told otherwise. */
export const testProject = (root: string, parts: Partial<Project> = {}): Project => ({
  facts: {
    id: 'test-project-1',
    name: 'test',
    nameFrom: 'folder',
    hostname: 'host',
    root,
    directory: '',
    composeFiles: [],
    composeFilesGiven: false,
    profiles: [],
  },
  root,
  directory: root,
  config: {},
  compose: null,
  services: [],
  servers: [],
  volumes: [],
  configFiles: [],
  logins: [],
  images: [],
  git: null,
  leftOut: [],
  ...parts,
})

/** A bind mount of a folder. */
export const testBind = (name: string, parts: Partial<ProjectVolume> = {}): ProjectVolume => ({
  key: path.basename(name),
  kind: 'bind',
  name,
  external: false,
  driver: 'local',
  driverOptions: {},
  labels: {},
  mounts: [{ service: 'server', target: '/data', readOnly: false }],
  exists: true,
  isFile: false,
  holdsServer: null,
  coveredByCode: false,
  image: undefined,
  ...parts,
})

/** A run that nobody watches; what it reports is kept. */
export function quietRun(signal = new AbortController().signal): Run & { readonly events: RunEvent[] } {
  const events: RunEvent[] = []
  return { signal, clock: { now: () => new Date() }, report: event => void events.push(event), events }
}

export const warningsOf = ({ events }: { readonly events: readonly RunEvent[] }): string[] =>
  events.flatMap(event => (event.kind === 'warning' ? [event.text] : []))
