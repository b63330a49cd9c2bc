// The notes server: notes in PostgreSQL, uploaded files in a folder, over HTTP.
import { createServer } from 'node:http'
import { Failure } from './failure.ts'
import { Files } from './files.ts'
import { Notes } from './notes.ts'
import { createRoutes, sendJson } from './routes.ts'
import { readSettings } from './settings.ts'

const settings = readSettings(process.env)
const notes = new Notes(settings.databasePassword)
const answer = createRoutes(notes, new Files(settings.uploadsFolder), settings)

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    if (!(error instanceof Failure)) console.error(error)
    if (response.headersSent) return response.destroy()
    const failure = error instanceof Failure ? error : new Failure(500, 'something went wrong; see the log')
    sendJson(response, failure.status, { error: failure.message })
  })
})

async function stop(): Promise<void> {
  server.close()
  server.closeIdleConnections()
  await notes.close()
}

await notes.createTable()
server.listen(settings.port, () => console.log(`listening on port ${settings.port}`))
process.once('SIGTERM', () => void stop())
process.once('SIGINT', () => void stop())
