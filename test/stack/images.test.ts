import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { must } from './run.ts'
import { Sandbox, vaultPassword } from './sandbox.ts'
import { commitFiles, containerOf, destroyProject, inService, writeFiles } from './small-project.ts'

// A few megabytes: a shell and what it needs, as the first layers of both images.
const dockerfile = `
FROM node:24-slim AS tools
RUN mkdir /small && cp --parents -L $(ldd /bin/sh /bin/sleep /bin/cat | grep -o '/[^ ]*[^: ]' | sort -u) /bin/sh /bin/sleep /bin/cat /small
ARG WHEN
RUN echo "$WHEN" >/small/when
FROM scratch
COPY --from=tools /small /
COPY word /word
CMD ["sleep", "1000"]
`

describe.skipIf(skipsStack)('the images of a project', () => {
  let sandbox: Sandbox
  const pulled = () => `${sandbox.name}-elsewhere:1`
  const once = () => `${sandbox.name}-once:1`
  const built = (project = sandbox.name) => `${project}-built`
  const idOf = async (image: string) =>
    (await must(['docker', 'image', 'inspect', '--format', '{{.Id}}', image])).stdout.trim()
  const backup = async (...args: string[]) =>
    JSON.parse((await sandbox.succeeds(['--json', 'backup', ...args])).stdout) as {
      point: string
      summary: { dataAddedPacked: number }
    }
  const removeImages = () => must(['docker', 'rmi', '--force', pulled(), once(), built()])

  beforeAll(async () => {
    sandbox = await Sandbox.make('image')
    await writeFiles(sandbox.project, {
      'docker-compose.yml': `services:
  built:
    build: { context: tool, args: { WHEN: '\${WHEN-first}' } }
    pull_policy: build
    stop_grace_period: 0s
    depends_on: { once: { condition: service_completed_successfully } }
  # It has done its work when a point is taken, and is needed all the same.
  once: { image: '${once()}', command: [cat, /word] }
  pulled: { image: '${pulled()}', stop_grace_period: 0s, volumes: ['data:/data'] }
volumes:
  data:
`,
      'tool/Dockerfile': dockerfile,
      'tool/word': 'built here\n',
    })
    await commitFiles(sandbox)
    await sandbox.compose('build', '--quiet', 'built')
    const more = `FROM ${built()}\nCOPY --from=node:24-slim /etc/debian_version /more\n`
    await must(['docker', 'build', '--quiet', '--tag', pulled(), '-'], { input: more })
    await must(['docker', 'tag', pulled(), once()])
    await sandbox.compose('up', '--detach')
    await sandbox.succeeds(['init', sandbox.vault])
  }, 300_000)
  afterAll(() => sandbox.end(), 120_000)

  it('are not in a point unless someone says so; then those that are built here come first', async () => {
    const plan = async (...args: string[]) =>
      (
        JSON.parse((await sandbox.succeeds(['--json', 'backup', '--plan', ...args])).stdout) as { sources: string[] }
      ).sources.filter(source => source.startsWith('image'))
    expect(await plan()).toEqual([])
    expect(await plan('--images')).toEqual([`image ${built()}`, `image ${once()}`, `image ${pulled()}`])
    const config = sandbox.at(sandbox.name, 'aidatavault.yml')
    const before = await fs.readFile(config, 'utf8')
    await fs.writeFile(config, `${before}images: built\n`)
    expect(await plan()).toEqual([`image ${built()}`])
    expect(await plan('--only', 'code')).toEqual([])
    await fs.writeFile(config, before)
  }, 180_000)

  it('come back without a registry and without a build, under their names, as they were', async () => {
    const ids = [await idOf(built()), await idOf(pulled())]
    await backup('--images')
    const again = await backup('--images')
    // A second image of the same layers, and a second point of the same images, are next to nothing.
    expect(again.summary.dataAddedPacked).toBeLessThan(30_000)
    const stats = JSON.parse((await sandbox.restic('stats', '--json', '--mode', 'raw-data')).stdout) as {
      total_uncompressed_size: number
    }
    const size = Number((await must(['docker', 'image', 'inspect', '--format', '{{.Size}}', pulled()])).stdout)
    expect(stats.total_uncompressed_size).toBeLessThan(1.5 * size)
    await destroyProject(sandbox)
    await removeImages()
    const plan = await sandbox.succeeds(['recover', sandbox.vault, sandbox.project, '--plan'])
    expect(plan.stdout).toContain(`${built()} (from the point)`)
    expect(plan.stdout).toContain(`${pulled()} (from the point)`)
    // Built again it would be another one.
    const done = await sandbox.succeeds(['recover', sandbox.vault, sandbox.project], { env: { WHEN: 'later' } })
    expect(done.stderr).not.toContain('images built')
    expect([await idOf(built()), await idOf(pulled())]).toEqual(ids)
    expect((await inService(containerOf(sandbox, 'built'), 'cat /word')).stdout).toBe('built here\n')
    expect((await inService(containerOf(sandbox, 'pulled'), 'cat /more')).stdout).toMatch(/^\d+/)
    await sandbox.restic('check', '--read-data')
  }, 300_000)

  it('can be loaded with restic and docker alone', async () => {
    const { point } = await backup('--images')
    await must(['docker', 'tag', pulled(), `${sandbox.name}-kept:1`])
    await must(['docker', 'rmi', '--force', pulled()])
    const path = `/images/${encodeURIComponent(pulled())}`
    const env = { RESTIC_PASSWORD: vaultPassword }
    const dump = `restic --no-cache -r '${sandbox.vault}' dump ${point}:'${path}' / | docker load`
    expect((await must(['sh', '-c', dump], { env })).stdout).toContain(pulled())
  }, 180_000)

  it('that are here already are left alone; and another project does not lose its own by a name', async () => {
    const other = `${sandbox.name}-other`
    const own = await idOf(built())
    // What the living project has built since is another image.
    await writeFiles(sandbox.project, { 'tool/word': 'built later\n' })
    await sandbox.compose('build', '--quiet', 'built')
    const later = await idOf(built())
    expect(later).not.toBe(own)
    const args = ['--project-name', other, 'recover', sandbox.vault, sandbox.at('other')]
    const plan = await sandbox.succeeds([...args, '--plan'])
    expect(plan.stdout).toContain(`${built(other)} (from the point)`)
    expect(plan.stdout).toContain(`${pulled()} (already here)`)
    await sandbox.succeeds(args)
    expect(await idOf(built(other))).toBe(own)
    expect(await idOf(built())).toBe(later)
    const word = await inService(containerOf(sandbox, 'built', other), 'cat /word')
    expect(word.stdout).toBe('built here\n')
  }, 300_000)
})
