import type { Check } from '../../domain/check.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { discoverProject } from '../../project/index.ts'
import type { ApplicationLogin } from '../../project/project.ts'
import { setPassword } from '../restore/physical-logins.ts'
import { accessFor } from './bring-database.ts'
import { coldServersRun } from './cold-servers.ts'
import { once, type Workshop } from './workshop.ts'

/** Starts what ran when the point was taken, and waits until it is healthy. */
export async function startServices(shop: Workshop): Promise<void> {
  const { services } = shop.plan
  if (services.length === 0)
    return shop.run.report({ kind: 'note', text: 'no service ran when the point was taken, so none is started' })
  await once(shop, 'services up', async () => {
    await shop.tools.compose
      .up(shop.address, { services, asHere: hasImages(shop) }, shop.run)
      .catch((error: unknown) => {
        throw new RecoveryError(
          'restore-failed',
          `the data is back, but the services did not come up: ${messageOf(error)}`,
          {
            hint: 'see docker compose logs; then run the same command again: it continues here',
            cause: error,
          },
        )
      })
    return [...(await sameServers(shop)), ...(await coldServersRun(shop))]
  })
}

/** The point brought images: no policy of the Compose file may ask a registry, or a build, for others. */
const hasImages = ({ manifest }: Workshop): boolean => manifest.images.some(({ inPoint }) => inPoint !== undefined)

/**
 * The servers that run now must be the ones that were filled: a new, empty one would answer just as well, and take the
 * application's login too.
 */
export async function sameServers(shop: Workshop): Promise<Check[]> {
  const { servers: filled } = shop.journal.record
  const running = shop.manifest.servers.filter(({ name }) => shop.plan.services.includes(name) && filled[name])
  const checks: Check[] = []
  for (const facts of running) {
    const access = accessFor(shop, facts)
    const { systemIdentifier } = await access
      .reading(shop.run, () => access.server(shop.run))
      .finally(() => access.close())
    const ok = systemIdentifier === filled[facts.name]
    const detail = ok ? 'it is' : 'another, new one runs: its data directory is not where it was'
    checks.push({ what: `PostgreSQL ${facts.name} is the server that was filled`, ok, detail })
  }
  return checks
}

/** The application's own credentials, from the recovered env files, over TCP from another container. */
export async function tryLogins(shop: Workshop): Promise<void> {
  const known = shop.manifest.servers.flatMap(server =>
    server.logins.filter(({ worked }) => worked).map(login => ({ ...login, server })),
  )
  const reconciles = shop.plan.reconcilePasswords === true && shop.manifest.servers.some(({ physical }) => physical)
  if (known.length === 0 && !reconciles) return
  await once(shop, 'logins', async () => {
    const { directory, files, projectName, profiles } = shop.address
    const project = await discoverProject({ directory, files, projectName, profiles }, shop.tools, shop.run)
    if (reconciles) await reconcilePasswords(shop, project.logins)
    const checks: Check[] = []
    for (const { server, user, database, from } of known) {
      const login = project.logins.find(
        found => found.server === server.name && found.user === user && found.database === database,
      )
      const ok = login !== undefined && (await logsIn(shop, server, login))
      const detail = ok ? 'works' : `refused, and it worked when the point was taken${server.physical ? offer : ''}`
      checks.push({ what: `login of ${user} to ${server.name}/${database} (${from})`, ok, detail })
    }
    return checks
  })
}

// Its data brings its own passwords.
const offer = '; run it again with --reconcile-passwords to set what the project has (ALTER ROLE … PASSWORD)'

/** What is refused, of servers that came back from their files, and in databases that they have. */
async function reconcilePasswords(shop: Workshop, logins: readonly ApplicationLogin[]): Promise<void> {
  for (const facts of shop.manifest.servers.filter(({ access, physical }) => access === 'service' && physical)) {
    const has = ({ server, user, database }: ApplicationLogin) =>
      server === facts.name && facts.roles.includes(user) && facts.databases.some(({ name }) => name === database)
    const access = accessFor(shop, facts)
    try {
      for (const login of logins.filter(has)) {
        if (await access.tryLogin(login, shop.run)) continue
        const works = await setPassword(login, access, shop.run)
        const text = `${login.user} of ${facts.name} was given the password of ${login.from}`
        shop.run.report(
          works ? { kind: 'note', text } : { kind: 'warning', text: `${text}, and is refused all the same` },
        )
      }
    } finally {
      await access.close()
    }
  }
}

async function logsIn(
  shop: Workshop,
  server: Workshop['manifest']['servers'][number],
  login: ApplicationLogin,
): Promise<boolean> {
  const access = accessFor(shop, server)
  try {
    return await access.tryLogin(login, shop.run)
  } finally {
    await access.close()
  }
}
