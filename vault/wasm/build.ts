import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Compiles engine.as.ts into engine.wasm, and scrypt.as.ts into scrypt.wasm. They are kept in the repository so that nobody
// needs the compiler to run us; a test compiles them anew and compares. Run with: npm run build:wasm

export const wasmModules = ['engine', 'scrypt'] as const

/** What we use of the compiler. Its own types declare global names (console, …) over Node's, so they are not imported. */
interface Compiler {
  main(
    args: readonly string[],
    files: {
      readFile(name: string): string | null
      writeFile(name: string, contents: string | Uint8Array): void
      listFiles(folder: string): string[]
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>
}

const compilerModule: string = 'assemblyscript/asc'

const folder = new URL('./', import.meta.url)
const flags = ['--optimizeLevel', '3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd']
const memory = ['--importMemory', '--initialMemory', '1']

/** The compiled module. Rejects with the compiler's messages if the source is wrong. */
export async function compileWasm(name: (typeof wasmModules)[number]): Promise<Uint8Array> {
  const { default: asc } = (await import(compilerModule)) as { default: Compiler }
  let compiled: Uint8Array | undefined
  const { error, stderr } = await asc.main([`${name}.as.ts`, '--outFile', `${name}.wasm`, ...flags, ...memory], {
    readFile: source => readSource(source),
    writeFile: (_file, contents) => {
      compiled = Buffer.from(contents)
    },
    listFiles: () => [],
  })
  if (error || !compiled) throw new Error(stderr.toString(), { cause: error })
  return compiled
}

/** null tells the compiler to look elsewhere. */
function readSource(name: string): string | null {
  return /^[a-z0-9-]+\.as\.ts$/.test(name) ? readFileSync(new URL(name, folder), 'utf8') : null
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const name of wasmModules) writeFileSync(new URL(`${name}.wasm`, folder), await compileWasm(name))
