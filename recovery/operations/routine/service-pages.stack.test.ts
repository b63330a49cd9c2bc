import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from '../../../test/stack/engine.ts'
import { must } from '../../../test/stack/run.ts'
import { serviceName, servicePage, type ServiceFacts } from './service-pages.ts'

const top = path.resolve(import.meta.dirname, '../../..')

// Judged by those who read these files.
describe.skipIf(skipsStack)('a service file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-service-')))
    await fs.mkdir(path.join(folder, 'odd $name "100%"'))
  })
  afterAll(() => fs.rm(folder, { recursive: true, force: true }))

  const facts = (): ServiceFacts => {
    const root = path.join(folder, 'odd $name "100%"')
    return {
      projectName: 'My Shop',
      root,
      directory: root,
      programFolder: top,
      program: path.join(top, 'bin/aidatavault'),
      words: ['--vault=sftp:backup@host:/v', `--password-file=${root}/pass word`],
      vaultFolders: [path.join(folder, 'vault')],
      credentials: path.join(folder, 'config/aidatavault/credentials.json'),
      files: [`${root}/pass word`],
    }
  }

  it('for systemd is one, whatever the paths', async () => {
    const file = path.join(folder, `${serviceName(facts())}.service`)
    await fs.writeFile(file, servicePage('systemd', facts()))
    const { stderr } = await must(['systemd-analyze', 'verify', '--man=no', file])
    expect(stderr.split('\n').filter(line => line.includes(path.basename(file)))).toEqual([])
    const text = await fs.readFile(file, 'utf8')
    expect(text).toContain('/odd $$name \\"100%%\\"/pass word" run\n')
    expect(text).toContain(`WorkingDirectory=${folder}/odd $name "100%%"\n`)
  })

  it('for Compose is one, with every path as the machine has it', async () => {
    const file = path.join(folder, 'service.yaml')
    await fs.writeFile(file, servicePage('compose', facts()))
    const { stdout } = await must([
      'docker',
      'compose',
      '--file',
      file,
      'config',
      '--format',
      'json',
      '--no-interpolate',
    ])
    const { stdout: resolved } = await must(['docker', 'compose', '--file', file, 'config', '--format', 'json'])
    expect(JSON.parse(stdout)).toMatchObject({ name: 'aidatavault-my-shop' })
    const service = (JSON.parse(resolved) as { services: Record<string, Record<string, unknown>> }).services[
      'aidatavault'
    ]
    const root = facts().root.replaceAll('$', '$$$$')
    expect(service).toMatchObject({
      command: ['--vault=sftp:backup@host:/v', `--password-file=${root}/pass word`, 'run'],
      working_dir: root,
      hostname: os.hostname(),
      labels: { 'aidatavault.enable': 'false' },
    })
    expect(service?.['volumes']).toContainEqual(expect.objectContaining({ type: 'bind', source: root, target: root }))
  })

  it('is refused for a folder whose name has a line break', () => {
    expect(() => servicePage('systemd', { ...facts(), directory: '/a\nUser=root' })).toThrow('line break')
  })
})
