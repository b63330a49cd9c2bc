import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('tells a failure that nobody waited for like any other, and ends with it', () => {
  const lost = `process.on('newListener', event => {
    if (event === 'unhandledRejection') Promise.reject(new Error('a lost promise'))
  })`
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const begun = ['--import', `data:text/javascript,${encodeURIComponent(lost)}`, main, 'check', '--json']
  const { status, stdout, stderr } = spawnSync(process.execPath, begun, { encoding: 'utf8' })
  expect(stderr).toContain('error: a lost promise')
  expect(JSON.parse(stdout)).toMatchObject({ error: { message: 'a lost promise', exitCode: 1 } })
  expect(status).toBe(1)
})
