import type { Manifest, ProjectFacts, VolumeFacts } from '../../../contract/manifest.ts'

const project: ProjectFacts = {
  id: 'notes-0123456789',
  name: 'notes',
  nameFrom: 'file',
  hostname: 'laptop',
  root: '/home/user/notes',
  directory: '',
  composeFiles: ['docker-compose.yml'],
  composeFilesGiven: false,
  profiles: [],
}

/** The manifest of a small Compose project, with what a test wants to be different. */
export const someManifest = (facts: Partial<ProjectFacts>, rest: Partial<Manifest> = {}): Manifest => ({
  version: 1,
  program: 'aidatavault 0.1.0',
  state: 'complete',
  takenAt: '2026-01-02T03:04:05.000Z',
  finishedAt: '2026-01-02T03:04:06.000Z',
  project: { ...project, ...facts },
  code: null,
  config: [],
  servers: [],
  volumes: [],
  services: [],
  images: [],
  leftOut: [],
  ...rest,
})

export const someVolume = (facts: Partial<VolumeFacts>): VolumeFacts => ({
  key: 'uploads',
  kind: 'volume',
  name: 'notes_uploads',
  inPoint: 'volumes/uploads',
  mounts: [{ service: 'server', target: '/uploads' }],
  driver: 'local',
  driverOptions: {},
  labels: {},
  external: false,
  way: 'files',
  isFile: false,
  files: 1,
  folders: 1,
  others: 0,
  bytes: 10,
  skipped: [],
  ...facts,
})
