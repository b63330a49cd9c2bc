import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { z } from 'zod'
import type { VolumeInspection } from './container-engine.ts'
import type { engineInfo } from './inspect.ts'

/**
 * Whether the engine's folders are folders of this machine, with owners that mean the same here. The same path may exist on
 * another machine's engine (a forwarded socket, Docker Desktop's), so name and kernel must be ours too. Engines that shift
 * user ids (rootless, userns-remap) would give every file a wrong owner.
 */
export async function foldersReachable(info: z.infer<typeof engineInfo>, endpoint: string): Promise<boolean> {
  const isHere =
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    endpoint.startsWith('unix://') &&
    info.Name === os.hostname() &&
    info.KernelVersion === os.release()
  const shiftsOwners = (info.SecurityOptions ?? []).some(option => /name=(rootless|userns)/.test(option))
  return isHere && !shiftsOwners && info.DockerRootDir !== '' && isOpen(path.join(info.DockerRootDir, 'volumes'))
}

/** Whether the engine is on another machine, as its address tells; one on loopback is taken for ours. */
export const isRemote = (endpoint: string): boolean =>
  /^(ssh|tcp|https?):\/\//.test(endpoint) && !/^\w+:\/\/([^@/]*@)?(localhost|127\.|\[::1\])/.test(endpoint)

/**
 * Whether the mountpoint always holds the volume's files: one with options (nfs, cifs, a device) is mounted there only
 * while a container uses it, and an empty folder stands there otherwise.
 */
export const isPlainFolder = (volume: VolumeInspection): Promise<boolean> =>
  volume.driver === 'local' && Object.keys(volume.options).length === 0
    ? isOpen(volume.mountpoint)
    : Promise.resolve(false)

const isOpen = (folder: string): Promise<boolean> =>
  access(folder, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
