import { execFileSync } from 'node:child_process'
import os from 'node:os'

/** The machine in a line, with nothing that tells whose it is. */
export function describeMachine(top: string): string {
  const { model } = os.cpus()[0] ?? { model: 'unknown processor' }
  const memory = `${(os.totalmem() / 2 ** 30).toFixed(0)} GiB`
  const system = `Linux ${os.release().split('-')[0]}`
  return `${os.cpus().length} × ${model.trim()}, ${memory}, ${system}, ${fileSystemOf(top)}`
}

function fileSystemOf(folder: string): string {
  try {
    return execFileSync('stat', ['--file-system', '--format=%T', folder], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown file system'
  }
}
