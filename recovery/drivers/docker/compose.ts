import type { Run } from '../../domain/run.ts'
import type { RunningProgram } from '../process/program.ts'

/** How the user addresses the project, as `docker compose` itself understands it. */
export interface ComposeAddress {
  /** The folder to look from where `files` is empty (Compose looks upward), else the project's own (--project-directory). Absolute. */
  readonly directory: string
  /** -f, in order; empty to let Compose find them. Absolute, or '-' with `model`. */
  readonly files: readonly string[]
  readonly projectName?: string
  readonly profiles: readonly string[]
}

/** One service of the resolved model; what we need of it. `$$` is already `$`. */
export interface ComposeService {
  readonly name: string
  /** Reference; Compose's default name where it only builds. */
  readonly image: string
  readonly builds: boolean
  readonly profiles: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly mounts: readonly {
    readonly type: 'volume' | 'bind' | 'tmpfs' | 'other'
    /** Volume key (not name), '' if anonymous; absolute host path of a bind. */
    readonly source: string
    readonly target: string
    readonly readOnly: boolean
  }[]
  readonly publishedPorts: readonly { readonly hostIp: string; readonly port: number; readonly protocol: string }[]
  readonly hasHealthcheck: boolean
  readonly dependsOn: readonly string[]
  readonly replicas: number
  /** Where the Compose file fixes it, whatever the project is called. */
  readonly containerName?: string
}

/** The project as Compose itself sees it. */
export interface ComposeModel {
  readonly name: string
  readonly services: readonly ComposeService[]
  readonly volumes: readonly {
    readonly key: string
    readonly name: string
    readonly external: boolean
    readonly driver: string
    readonly driverOptions: Readonly<Record<string, string>>
    readonly labels: Readonly<Record<string, string>>
  }[]
  readonly networks: readonly { readonly key: string; readonly name: string; readonly external: boolean }[]
  /** Files of the top-level `configs` and `secrets`; absolute. */
  readonly secretFiles: readonly string[]
  /** What `docker compose config --format json` printed, parsed; can be changed and given back to Compose. Holds secrets. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** `docker compose`, the user's own. */
export interface Compose {
  /** All services, those of inactive profiles too. Rejects with project-not-found, project-invalid, docker-unavailable, tool-missing. */
  resolve(address: ComposeAddress, run: Run): Promise<ComposeModel>
  /** Names of the services that `up` without names would start: those of the address's profiles. */
  activeServices(address: ComposeAddress, run: Run): Promise<readonly string[]>
  /** Starts a program in a running service; no tty. `env` values never show in a process list. Stopped, it is ended in the container too. */
  exec(
    address: ComposeAddress,
    service: string,
    argv: readonly string[],
    options: {
      readonly env?: Readonly<Record<string, string>>
      readonly user?: string
      readonly secrets?: readonly string[]
      /** The id of its running container, where the caller knows it: then Compose need not look for it, half a second each time. */
      readonly container?: string
      /** Where programs are looked for, instead of the container's own PATH. Shows in process lists. */
      readonly path?: string
    },
    run: Run,
  ): RunningProgram
  /** `up --detach --wait`; a service that ends with exit code 0 counts as up; with `model` that model (through stdin) instead of the files. Empty services: all of the active profiles. */
  up(
    address: ComposeAddress,
    options: {
      readonly services: readonly string[]
      readonly model?: Readonly<Record<string, unknown>>
      readonly noDependencies?: boolean
      readonly build?: boolean
      /** Takes images that are here as they are, whatever the pull policies say. */
      readonly asHere?: boolean
      readonly timeoutSeconds?: number
    },
    run: Run,
  ): Promise<void>
  /** Creates the containers of these services after `model`, without starting them. */
  create(
    address: ComposeAddress,
    services: readonly string[],
    model: Readonly<Record<string, unknown>>,
    run: Run,
  ): Promise<void>
  build(address: ComposeAddress, services: readonly string[], run: Run): Promise<void>
  stop(address: ComposeAddress, services: readonly string[], run: Run): Promise<void>
  /** Starts stopped containers of these services again, in dependency order; makes none. */
  start(address: ComposeAddress, services: readonly string[], run: Run): Promise<void>
  pause(address: ComposeAddress, services: readonly string[], run: Run): Promise<void>
  unpause(address: ComposeAddress, services: readonly string[], run: Run): Promise<void>
  /** Stops these services and removes their containers; volumes stay. */
  remove(address: ComposeAddress, services: readonly string[], run: Run): Promise<void>
  /** `down`; volumes are never removed by it; images that Compose built for the project only when asked. */
  down(address: ComposeAddress, run: Run, options?: { readonly builtImages?: boolean }): Promise<void>
  logs(address: ComposeAddress, service: string, lines: number, run: Run): Promise<string>
}
