import os from 'node:os'
import path from 'node:path'

/** AIDATAVAULT_CACHE_DIR, or the user's folder for what can be had again, where copies of remote vaults' indexes and folder lists are kept. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.AIDATAVAULT_CACHE_DIR) return path.resolve(env.AIDATAVAULT_CACHE_DIR)
  const ofUser = process.platform === 'darwin' ? 'Library/Caches' : '.cache'
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), ofUser), 'aidatavault')
}
