/** What a storage asks for besides the code, that no kit should hold by itself: to be written in, or kept with it. */
export interface Need {
  /** A variable of the environment, or what it is. */
  readonly name: string
  /** Said of it. */
  readonly what: string
}

// Always needed; and those that count where they are set today.
const kinds: readonly {
  readonly prefix: string
  readonly always: readonly Need[]
  readonly ifSet: readonly string[]
}[] = [
  {
    prefix: 's3:',
    always: [
      { name: 'AWS_ACCESS_KEY_ID', what: 'the key of the bucket' },
      { name: 'AWS_SECRET_ACCESS_KEY', what: 'its secret' },
    ],
    ifSet: ['AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'RESTIC_CACERT', 'RESTIC_TLS_CLIENT_CERT'],
  },
  {
    prefix: 'rest:',
    always: [
      { name: 'RESTIC_REST_USERNAME', what: 'who we are to the server' },
      { name: 'RESTIC_REST_PASSWORD', what: 'the password there' },
    ],
    ifSet: ['RESTIC_CACERT', 'RESTIC_TLS_CLIENT_CERT'],
  },
  {
    prefix: 'rclone:',
    always: [{ name: 'RCLONE_CONFIG', what: "the file with rclone's remote; rclone itself" }],
    ifSet: ['RCLONE_CONFIG_PASS'],
  },
  {
    prefix: 'sftp:',
    always: [{ name: 'ssh key', what: 'that logs in without a question; ~/.ssh/config' }],
    ifSet: ['AIDATAVAULT_SFTP_ARGS', 'AIDATAVAULT_SFTP_COMMAND'],
  },
]

// restic has these as options.
const said: Readonly<Record<string, string>> = {
  AIDATAVAULT_SFTP_ARGS: 'for restic: -o sftp.args=…',
  AIDATAVAULT_SFTP_COMMAND: 'for restic: -o sftp.command=…',
}

/** What the vaults at these locations need, each once; nothing for folders. */
export function needsOf(locations: readonly string[], env: NodeJS.ProcessEnv): Need[] {
  const wanted = kinds.filter(({ prefix }) => locations.some(location => location.startsWith(prefix)))
  const needs = wanted.flatMap(({ always, ifSet }) => [
    ...always,
    ...ifSet.filter(name => env[name]).map(name => ({ name, what: said[name] ?? 'set on this machine' })),
  ])
  return needs.filter(({ name }, at) => needs.findIndex(need => need.name === name) === at)
}
