import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planConfig, restoreConfig } from './config.ts'
import { settleInterrupted } from './settle.ts'
import { LivingProject } from './testing/living-project.ts'
import { planUndo, undo } from './undo.ts'

describe('undo', () => {
  let project: LivingProject
  let point: string
  beforeEach(async () => {
    project = await LivingProject.make(`printf 'A=then\\nB=then\\n' > .env; chmod 600 .env`)
    point = await project.backup()
    project.sh(`printf 'A=now\\nB=now\\n' > .env`)
  })
  afterEach(() => project.end())

  const env = () => project.sh('cat .env')
  const bringBack = async (key: string) => {
    const restoration = await project.restoration()
    const request = { point, accept: [], files: [], keys: [key], all: false }
    await restoreConfig(await planConfig(request, restoration), restoration)
  }
  const takeBack = async () => {
    const restoration = await project.restoration()
    await undo(await planUndo(restoration), restoration)
  }

  it('goes one restore further back each time, until there is none', async () => {
    await bringBack('A')
    await bringBack('B')
    expect(env()).toBe('A=then\nB=then\n')
    await takeBack()
    expect(env()).toBe('A=then\nB=now\n')
    await takeBack()
    expect(env()).toBe('A=now\nB=now\n')
    await expect(takeBack()).rejects.toMatchObject({ code: 'nothing-to-undo' })
  })

  it.each([
    ['safety point', 0],
    ['writing', 0],
    ['writing', 1],
  ])('killed at: %s, %d files, has not been begun once it is settled, and takes back the same', async (step, files) => {
    await bringBack('A')
    await bringBack('B')
    expect(project.restoreAndDie('undo', point, step, files)).toBe('SIGKILL')
    const settled = await settleInterrupted(await project.restoration())
    expect(settled).toEqual([expect.objectContaining({ isUndo: true, outcome: 'rolled-back' })])
    expect(env()).toBe('A=then\nB=then\n')
    await takeBack()
    expect(env()).toBe('A=then\nB=now\n')
  })

  it('killed at its very end has taken back what it was to, once', async () => {
    await bringBack('A')
    await bringBack('B')
    expect(project.restoreAndDie('undo', point, 'finish', 0)).toBe('SIGKILL')
    const settled = await settleInterrupted(await project.restoration())
    expect(settled).toEqual([expect.objectContaining({ isUndo: true, outcome: 'done' })])
    expect(env()).toBe('A=then\nB=now\n')
    await takeBack()
    expect(env()).toBe('A=now\nB=now\n')
  })
})
