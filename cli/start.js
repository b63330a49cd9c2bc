import fs from 'node:fs'
import { enableCompileCache } from 'node:module'
import os from 'node:os'
import path from 'node:path'

// Most of a short command's time was Node's finding and reading of our TypeScript. In one bundle (cli/bundle.ts) and kept
// compiled between runs, it takes a fifth. This file is read before anything is kept, so it is plain JavaScript: then Node
// does not even load what reads TypeScript.

const top = path.dirname(import.meta.dirname)

/** Only in a folder that nobody else can write into: what lies there is run. Without one, everything works as well. */
function keepCompiled() {
  const caches = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache')
  const folder = path.join(caches, 'aidatavault', 'compiled')
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { uid, mode } = fs.lstatSync(folder)
    if (uid === process.geteuid?.() && (mode & 0o022) === 0) enableCompileCache(folder)
  } catch {
    // A home that cannot be written to, or none at all.
  }
}

/** Whether there is a bundle, and every file that went into it is still as it was. */
function isBundled() {
  try {
    const inputs = JSON.parse(fs.readFileSync(path.join(top, 'dist/inputs.json'), 'utf8'))
    return Object.entries(inputs).every(([file, [time, length]]) => {
      const { mtimeMs, size } = fs.statSync(path.join(top, file))
      return mtimeMs === time && size === length
    })
  } catch {
    return false
  }
}

keepCompiled()
const files = isBundled()
  ? { main: '../dist/main.js', guard: '../dist/guard.js' }
  : { main: './main.ts', guard: './guard-start.ts' }
// A guarded command that destroys nothing runs at once, before anything else is loaded.
if (process.argv[2] === 'guard') await (await import(files.guard)).startHarmless(process.argv.slice(3))
await import(files.main)
