import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compileWasm, wasmModules } from './build.ts'

it.each(wasmModules)('what is shipped as %s.wasm is what its source compiles to', async name => {
  const shipped = readFileSync(new URL(`./${name}.wasm`, import.meta.url))
  expect(Buffer.from(await compileWasm(name)).equals(shipped), 'run: npm run build:wasm').toBe(true)
})
