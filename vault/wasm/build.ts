import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Compiles engine.as.ts into engine.wasm, which is kept in the repository so that nobody needs the compiler to run us;
// a test compiles it anew and compares. Run with: npm run build:wasm

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
export async function compileEngine(): Promise<Uint8Array> {
  const { default: asc } = (await import(compilerModule)) as { default: Compiler }
  let compiled: Uint8Array | undefined
  const { error, stderr } = await asc.main(['engine.as.ts', '--outFile', 'engine.wasm', ...flags, ...memory], {
    readFile: name => readSource(name),
    writeFile: (_name, contents) => {
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
  writeFileSync(new URL('engine.wasm', folder), await compileEngine())
