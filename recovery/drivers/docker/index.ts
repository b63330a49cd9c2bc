/** The user's container engine and Compose, through the docker command. */
export { dockerCli } from './docker-cli.ts'
export { composeCli } from './compose-cli.ts'
export { parseModel } from './compose-model.ts'
export type { DockerOptions } from './docker-call.ts'
export { readTar, writeTar } from './tar.ts'
