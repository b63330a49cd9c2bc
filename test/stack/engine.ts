import { spawnSync } from 'node:child_process'

const succeeds = (args: string[]): boolean =>
  spawnSync('docker', args, { stdio: 'ignore', timeout: 30_000 }).status === 0

/** True where a Docker engine answers and the docker command has Compose v2. */
export const engineAnswers = succeeds(['info']) && succeeds(['compose', 'version'])

/** True where nothing may be skipped: without an engine the stack tests then run, and fail. */
export const requireDocker = process.env['AIDATAVAULT_REQUIRE_DOCKER'] === '1'

/** Whether a stack test leaves itself out: `describe.skipIf(skipsStack)('…', …)`. `test/bed/make` sets an engine up. */
export const skipsStack = !engineAnswers && !requireDocker
