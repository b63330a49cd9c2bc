import type { GlobalOptions } from './context.ts'

/** The options that every command takes, as words again: for a process of ours that does a part of the work. */
export function globalArguments(options: GlobalOptions): string[] {
  const { vault = [], file = [], profile = [], limitUpload, limitDownload } = options
  const given = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [`--${name}=${value}`]
  return [
    ...vault.flatMap(place => given('vault', place)),
    ...given('limit-upload', limitUpload),
    ...given('limit-download', limitDownload),
    ...(options.cache ? [] : ['--no-cache']),
    ...given('password-file', options.passwordFile),
    ...given('password-command', options.passwordCommand),
    ...given('target-password-file', options.targetPasswordFile),
    ...given('target-password-command', options.targetPasswordCommand),
    ...given('project-directory', options.projectDirectory),
    ...file.flatMap(name => given('file', name)),
    ...given('project-name', options.projectName),
    ...profile.flatMap(name => given('profile', name)),
  ]
}
