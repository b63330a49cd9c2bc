import type { Config } from '../../contract/config.ts'
import type { ImageFacts, ProjectFacts } from '../../contract/manifest.ts'
import type { ComposeAddress, ComposeModel } from '../drivers/docker/compose.ts'
import type { ContainerInspection } from '../drivers/docker/container-engine.ts'

export interface ProjectService {
  readonly name: string
  readonly containers: readonly ContainerInspection[]
  readonly running: boolean
  /** In the active profiles. */
  readonly active: boolean
}

/** A PostgreSQL server of the project. */
export interface ProjectServer {
  /** Compose service, or name in aidatavault.yml. */
  readonly name: string
  readonly access: 'service' | 'url'
  readonly method: 'logical' | 'physical'
  readonly running: boolean
  /** By which sign it was found: 'image postgres:17', 'PGDATA', 'label', 'aidatavault.yml'. */
  readonly foundBy: string
  /** Key (as in `volumes`) of the volume or bind mount that holds PGDATA; null: none (an anonymous volume or the container's own layer). */
  readonly storedOn: string | null
  /** POSTGRES_USER, _PASSWORD, _DB of the service's environment, with defaults as the image has them. Holds a secret. */
  readonly environment: { readonly user: string; readonly password: string | undefined; readonly database: string }
  /** access 'url': how to reach it. Holds a secret. */
  readonly url?: string
  /** access 'url', physical: absolute. */
  readonly dataDirectory?: string
}

/** A place with data that a service mounts, database or not. */
export interface ProjectVolume {
  readonly key: string
  readonly kind: 'volume' | 'anonymous' | 'bind'
  /** The engine's name; absolute path of a bind mount or a folder from aidatavault.yml. */
  readonly name: string
  readonly external: boolean
  readonly driver: string
  readonly driverOptions: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly mounts: readonly { readonly service: string; readonly target: string; readonly readOnly: boolean }[]
  /** Made already; a project that never ran has none. */
  readonly exists: boolean
  readonly isFile: boolean
  /** Name of the server whose data directory lies here: then the database source captures it, not the volume source. */
  readonly holdsServer: string | null
  /** Whether git tracks (or the code source captures) what is in it: then it is code. Only for bind mounts inside the root. */
  readonly coveredByCode: boolean
  /** Where the engine keeps its files, as the engine says; undefined where they are there only while it is mounted. */
  readonly mountpoint?: string
  /** An image that mounts it, for docker cp. */
  readonly image: string | undefined
}

export interface ProjectEnvFile {
  /** Absolute. */
  readonly path: string
  /** Why it is configuration. */
  readonly kind: 'env' | 'compose' | 'mounted' | 'secret' | 'aidatavault'
}

/** A login the application uses, read from env files or the services' environment. Holds a secret. */
export interface ApplicationLogin {
  readonly server: string
  readonly user: string
  readonly password: string
  readonly database: string
  /** Service and variable, for people. */
  readonly from: string
}

/** What no point of the project holds. */
export interface LeftOut {
  readonly what: string
  readonly why: string
  /** Nobody would miss it: it holds no data, is made anew, or is left out because somebody said so. */
  readonly harmless?: true
}

/** One project as it is now: what discovery found. */
export interface Project {
  readonly facts: ProjectFacts
  /** Absolute, real paths. root holds directory. */
  readonly root: string
  readonly directory: string
  readonly config: Config
  /** null without Compose. */
  readonly compose: {
    readonly address: ComposeAddress
    readonly model: ComposeModel
    readonly engineAnswers: boolean
    /** Volumes' folders are on this machine, and this process may read them. */
    readonly foldersReachable?: boolean
  } | null
  readonly services: readonly ProjectService[]
  readonly servers: readonly ProjectServer[]
  readonly volumes: readonly ProjectVolume[]
  readonly configFiles: readonly ProjectEnvFile[]
  readonly logins: readonly ApplicationLogin[]
  readonly images: readonly ImageFacts[]
  /** null: the root is no git work tree. */
  readonly git: { readonly top: string } | null
  /** What the project has and nothing here protects, with the reason. */
  readonly leftOut: readonly LeftOut[]
}
