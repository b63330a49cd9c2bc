import { expect, it } from 'vitest'
import type { ComposeModel, ComposeService } from '../../drivers/docker/compose.ts'
import { modelDifferences } from './recorded-model.ts'

const service = (facts: Partial<ComposeService>): ComposeService => ({
  name: 'server',
  image: 'notes',
  builds: false,
  profiles: [],
  environment: {},
  labels: {},
  mounts: [],
  publishedPorts: [],
  hasHealthcheck: false,
  dependsOn: [],
  replicas: 1,
  ...facts,
})
const model = (...services: ComposeService[]): ComposeModel => ({
  name: 'notes',
  services,
  volumes: [],
  networks: [],
  secretFiles: [],
  raw: {},
})
const roots = { old: '/old/notes', new: '/new/notes' }

it('is silent when all that was resolved is resolved again, paths of the project at their new place', () => {
  const before = model(service({ environment: { A: '1', CONFIG: '/old/notes/c.yml' } }))
  const after = model(service({ environment: { A: '1', CONFIG: '/new/notes/c.yml' } }))
  expect(modelDifferences(before, after, roots)).toEqual([])
})

it('names, without its value, a variable that came from the shell and is lost', () => {
  const before = model(service({ environment: { TOKEN: 'very-secret' } }))
  const found = modelDifferences(before, model(service({ environment: { TOKEN: '' } })), roots)
  expect(found).toEqual(['variable TOKEN of service server'])
})

it('names changed ports, images and missing services', () => {
  const before = model(
    service({ publishedPorts: [{ hostIp: '', port: 80, protocol: 'tcp' }], image: 'a' }),
    service({ name: 'x' }),
  )
  expect(modelDifferences(before, model(service({ image: 'b' })), roots)).toEqual([
    'published ports of service server',
    'image of service server',
    'service x is not there',
  ])
})
