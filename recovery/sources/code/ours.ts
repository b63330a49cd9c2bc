import type { BytePath } from '../byte-path.ts'

/** What a recovery keeps in the project's folder while it works. */
export const stagingName = '.aidatavault-code'

/** Whether it is ours, and not the project's: what a recovery at work keeps there, and the journal of restores. */
export const isOurs = (path: BytePath): boolean => /^\.aidatavault(-(code|recovery)[^/]*)?(\/|$)/.test(path)
