import fs from 'node:fs/promises'
import path from 'node:path'
import { untilDone, type Run } from '../../domain/run.ts'
import type { ComposeAddress } from '../../drivers/docker/compose.ts'
import { postgresInService } from '../../drivers/postgres/in-service.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { stateFolder } from '../../journal/state-folder.ts'
import type { Project } from '../../project/project.ts'
import { waitForServer } from '../recover/bring-database.ts'
import type { Tools } from '../tools.ts'
import { aloneModel, type AloneServer } from './alone-model.ts'

/** As whom the server is asked. */
export interface AloneLogin {
  readonly user: string
  /** Where its local socket asks for one. */
  readonly password: string | undefined
}

/**
 * Runs a server of the project on a copy of its data, on no network, until `use` is done; then it is stopped well, and its
 * container removed, however that ends. After a kill, `removeAlone` of the same id does that.
 */
export async function withAloneServer<T>(
  id: string,
  server: AloneServer,
  login: AloneLogin,
  project: Project,
  tools: Tools,
  run: Run,
  use: (access: PostgresAccess) => Promise<T>,
): Promise<T> {
  const { model } = project.compose!
  const image = await tools.engine.inspectImage(imageOf(project, server), run)
  const address = await writeFile(id, aloneModel(projectName(project, id), model, server, image), project)
  try {
    await tools.compose.up(address, { services: [server.service] }, run)
    await waitForServer({ tools, address, run }, { name: server.service }, 'alone on the data directory of the point')
    const { user, password } = login
    const access = postgresInService({ ...tools, address, service: server.service, user, password })
    const result = await use(access).finally(() => access.close())
    await tools.compose.stop(address, [server.service], run)
    return result
  } finally {
    await removeAlone(id, project, tools, untilDone(run))
  }
}

/** Takes away what `withAloneServer` made, and all that a kill left of it. */
export async function removeAlone(id: string, project: Project, tools: Tools, run: Run): Promise<void> {
  const folder = folderOf(id, project)
  const isThere = await fs.stat(path.join(folder, fileName)).then(
    () => true,
    () => false,
  )
  if (isThere) await tools.compose.down(addressOf(id, project), run)
  await fs.rm(folder, { recursive: true, force: true })
}

const fileName = 'compose.yaml'
const projectName = ({ facts }: Project, id: string) => `${facts.name}-alone-${id}`
const folderOf = (id: string, { root }: Project) => path.join(root, stateFolder, `alone-${id}`)

const addressOf = (id: string, project: Project): ComposeAddress => ({
  directory: folderOf(id, project),
  files: [path.join(folderOf(id, project), fileName)],
  projectName: projectName(project, id),
  profiles: [],
})

const imageOf = ({ compose }: Project, { service }: AloneServer) =>
  compose!.model.services.find(({ name }) => name === service)?.image ?? ''

/** Before anything is made, so that whoever finds the file knows what to take away. */
async function writeFile(id: string, model: object, project: Project): Promise<ComposeAddress> {
  const address = addressOf(id, project)
  await fs.mkdir(address.directory, { recursive: true, mode: 0o700 })
  await fs.writeFile(address.files[0]!, JSON.stringify(model, null, 2), { mode: 0o600, flush: true })
  return address
}
