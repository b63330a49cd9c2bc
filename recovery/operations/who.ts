import os from 'node:os'

/** Who runs this, on which machine. A number where the system has no name for the user, as in many containers. */
export const whoRuns = (): { username: string; hostname: string } => ({ username: userName(), hostname: os.hostname() })

function userName(): string {
  try {
    return os.userInfo().username
  } catch {
    return process.env.USER ?? String(process.getuid?.() ?? '')
  }
}
