import type { BytePath } from '../byte-path.ts'

/** What a recovery keeps in the project's folder while it works. */
export const stagingName = '.aidatavault-code'

/** Whether it belongs to a recovery at work rather than to the project. */
export const isOurs = (path: BytePath): boolean => /^\.aidatavault-(code|recovery)[^/]*(\/|$)/.test(path)
