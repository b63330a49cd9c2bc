import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'rolldown'

// Puts the program, nearly a thousand files, into a few: most of a short command's time was Node's looking for them. It is
// made by `npm ci` and when the tests begin; cli/start.js takes it as long as no file that went into it has changed since.

const top = path.dirname(import.meta.dirname)

/** Packages that every start needs. Those that are asked for later, or hold programs, stay where npm put them. */
const bundledPackages = ['@scure', 'cli-progress', 'commander', 'croner', 'pg', 'uqr', 'yaml', 'zod']

/** What went into a bundle: files, relative to the top folder, each with its time (ms) and length (bytes). */
export type BundleInputs = Readonly<Record<string, readonly [number, number]>>

const program = { main: path.join(top, 'cli/main.ts'), guard: path.join(top, 'cli/guard-start.ts') }

/**
 * Writes the bundle into a folder below the top folder, in place of the one that is there; a kill leaves one or none.
 * `input`: what is started from outside, by the name of its file there.
 */
export async function makeBundle(
  folder = path.join(top, 'dist'),
  input: Readonly<Record<string, string>> = program,
): Promise<void> {
  const { rolldown } = await import('rolldown')
  const fresh = `${folder}.${process.pid}.tmp`
  const began = Date.now()
  const build = await rolldown({
    input,
    platform: 'node',
    external: staysOutside,
    plugins: [inPlace(fresh)],
    logLevel: 'warn',
  })
  try {
    const { output } = await build.write({ dir: fresh, format: 'esm', entryFileNames: '[name].js' })
    const modules = output.flatMap(part => (part.type === 'chunk' ? part.moduleIds : []))
    fs.writeFileSync(path.join(fresh, 'inputs.json'), JSON.stringify(inputsOf(modules, began)))
    fs.rmSync(folder, { recursive: true, force: true })
    fs.renameSync(fresh, folder)
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true })
    await build.close()
  }
}

function staysOutside(id: string, from: string | undefined): boolean {
  if (id.startsWith('.') || path.isAbsolute(id)) return false
  return !bundledPackages.includes(id.split('/')[0]!) && !(from && isPackage(from))
}

const isPackage = (file: string): boolean => file.includes(`${path.sep}node_modules${path.sep}`)

/** Threads become files of the bundle too; everything else that a file looks for beside itself, it finds where it was. */
function inPlace(folder: string): Plugin {
  return {
    name: 'in-place',
    transform(code, file) {
      if (isPackage(file) || !code.includes('import.meta')) return null
      const place = path.relative(folder, file)
      return code
        .replace(/new Worker\(new URL\('(\.[^']+)', import\.meta\.url\)/g, (_all, thread: string) => {
          const chunk = this.emitFile({ type: 'chunk', id: path.resolve(path.dirname(file), thread) })
          return `new Worker(new URL(import.meta.ROLLUP_FILE_URL_${chunk})`
        })
        .replaceAll('import.meta.dirname', `import.meta.dirname + ${JSON.stringify(`/${path.dirname(place)}`)}`)
        .replace(/import\.meta\.url\b/g, `new URL(${JSON.stringify(place)}, import.meta.url)`)
    },
  }
}

/** One that was written meanwhile may be in the bundle as it was before: it counts as changed since. */
function inputsOf(modules: readonly string[], began: number): BundleInputs {
  const own = modules.filter(file => path.isAbsolute(file) && !isPackage(file))
  return Object.fromEntries(
    own.map(file => {
      const { mtimeMs, size } = fs.statSync(file)
      return [path.relative(top, file), [mtimeMs < began ? mtimeMs : 0, size]]
    }),
  )
}

// Without the packages for development there is no bundler, and the program runs from its many files.
const isBundlerMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'

if (process.argv[1] === fileURLToPath(import.meta.url))
  await makeBundle().catch((error: unknown) => {
    if (!isBundlerMissing(error)) throw error
  })
