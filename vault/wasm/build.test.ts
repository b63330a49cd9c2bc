import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compileEngine } from './build.ts'

it('the engine that is shipped is the one that its source compiles to', async () => {
  const shipped = readFileSync(new URL('./engine.wasm', import.meta.url))
  expect(Buffer.from(await compileEngine()).equals(shipped), 'run: npm run build:wasm').toBe(true)
})
