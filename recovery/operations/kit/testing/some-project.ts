import type { ProjectFacts } from '../../../../contract/manifest.ts'
import type { Project, ProjectServer, ProjectVolume } from '../../../project/project.ts'

const facts: ProjectFacts = {
  id: 'notes-0123456789',
  name: 'notes',
  nameFrom: 'folder',
  hostname: 'laptop',
  root: '/home/user/notes',
  directory: '',
  composeFiles: ['docker-compose.yml'],
  composeFilesGiven: false,
  profiles: [],
}

export const someServer = (rest: Partial<ProjectServer> = {}): ProjectServer => ({
  name: 'db',
  access: 'service',
  method: 'logical',
  running: true,
  foundBy: 'image postgres:17',
  storedOn: 'data',
  environment: { user: 'notes_user', password: 's3cr3t', database: 'notes' },
  ...rest,
})

export const someKitVolume = (rest: Partial<ProjectVolume> = {}): ProjectVolume => ({
  key: 'uploads',
  kind: 'volume',
  name: 'notes_uploads',
  external: false,
  driver: 'local',
  driverOptions: {},
  labels: {},
  mounts: [{ service: 'app', target: '/uploads', readOnly: false }],
  exists: true,
  isFile: false,
  holdsServer: null,
  coveredByCode: false,
  image: 'node:24-slim',
  ...rest,
})

/** A small Compose project, with what a test wants to be different. */
export const someProject = (rest: Partial<Project> = {}, other: Partial<ProjectFacts> = {}): Project => ({
  facts: { ...facts, ...other },
  root: facts.root,
  directory: facts.root,
  config: {},
  compose: {
    address: { directory: facts.root, files: [], profiles: [] },
    model: { name: 'notes', services: [], volumes: [], networks: [], configs: [], secretFiles: [], raw: {} } as never,
    engineAnswers: true,
  },
  services: [],
  servers: [someServer()],
  volumes: [someKitVolume()],
  configFiles: [],
  logins: [],
  images: [],
  git: { top: facts.root },
  leftOut: [],
  ...rest,
})
