import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** Majors of which test/bed/make puts servers on the machine, beside the one that the project's packages bring. */
export const otherMajors = [13, 15, 18] as const

const cache =
  process.env['AIDATAVAULT_BED_CACHE'] ??
  path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'aidatavault-bed')
const servers = process.getuid?.() === 0 ? '/var/cache/aidatavault-bed/servers' : path.join(cache, 'servers')
const folders = otherMajors.map(major => path.join(servers, String(major), 'bin'))

const mayNotSkip = process.env['AIDATAVAULT_REQUIRE_DOCKER'] === '1'

/** Whether tests across versions leave themselves out. */
export const skipsMajors = !mayNotSkip && !folders.every(folder => existsSync(path.join(folder, 'postgres')))

/** From now on this process finds them. */
export function useOtherServers(): void {
  process.env['PATH'] = [process.env['PATH'], ...folders].join(path.delimiter)
}
