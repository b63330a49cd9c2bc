import type { ComposeAddress } from './compose.ts'

/** The flags that address the project. `profiles`: which services there are for this call. */
export function addressFlags(address: ComposeAddress, profiles: readonly string[], model = false): string[] {
  const files = model ? ['-'] : address.files
  return [
    // Without -f Compose looks upward from the working directory, and its folder is where it finds a file.
    ...(files.length > 0 ? ['--project-directory', address.directory] : []),
    ...files.flatMap(file => ['--file', file]),
    ...(address.projectName === undefined ? [] : ['--project-name', address.projectName]),
    ...profiles.flatMap(profile => ['--profile', profile]),
  ]
}

/** Services of inactive profiles run too when someone started them. */
export const everyProfile = ['*']
