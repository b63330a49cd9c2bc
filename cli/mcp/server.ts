/**
 * The Model Context Protocol server: what a coding assistant can ask of a project's points. It reads, and takes points; what
 * overwrites something needs a person's yes, which the client asks for. Loaded only by `aidatavault mcp`.
 */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { programName } from '../../recovery/operations/index.ts'
import type { Answer, Call } from './call.ts'
import { planText, pointOf, restoreArguments, restoreLine, restoreRequest, shownPlan, type RestoreRequest } from './restores.ts' // prettier-ignore

const point = z.string().min(1).max(100).describe('an id, the beginning of one, or latest')

/** The server with its tools; the caller connects it. */
export function mcpServer(call: Call): McpServer {
  const server = new McpServer(
    { name: 'aidatavault', version: programName.replace('aidatavault ', '') },
    { instructions },
  )
  addReading(server, call)
  addTaking(server, call)
  addRestoring(server, call)
  return server
}

const instructions =
  'Recovery points of this Docker Compose project. Take a point before anything risky. Nothing here returns values of secrets. ' +
  'restore overwrites data: the person in front of the client is asked, and you cannot answer for them.'

function addReading(server: McpServer, call: Call): void {
  const readOnly = { annotations: { readOnlyHint: true, openWorldHint: false } }
  server.registerTool(
    'status',
    {
      description:
        'what would be lost now, what is protected and what is not, how old the newest point is, what is wrong',
      ...readOnly,
    },
    async ({ signal }) => result(lookedAt(await call(['status'], signal))),
  )
  server.registerTool(
    'list_points',
    { description: 'the recovery points of this project, oldest first', ...readOnly },
    ({ signal }) => said(call(['points'], signal)),
  )
  server.registerTool(
    'show_point',
    { description: 'what a point holds: git, configuration files, tables with rows, volumes, images', inputSchema: { point }, ...readOnly }, // prettier-ignore
    (input, { signal }) => said(call(['points', 'show', '--', input.point], signal)),
  )
  server.registerTool(
    'diff_points',
    { description: 'what changed from one point to another; values of secrets are masked', inputSchema: { from: point, to: point }, ...readOnly }, // prettier-ignore
    (input, { signal }) => said(call(['points', 'diff', '--', input.from, input.to], signal)),
  )
  server.registerTool(
    'plan_restore',
    { description: 'exactly what a restore would change, without doing it', inputSchema: restoreRequest, ...readOnly },
    (input, { signal }) => said(call(restoreArguments(input, '--plan'), signal)),
  )
}

/** What is not well is said in the answer; the question itself has failed only where there is none. */
const lookedAt = (answer: Answer): Answer => ({
  ...answer,
  ok: answer.ok || statusDocument.safeParse(answer.document).success,
})
const statusDocument = z.object({ verdict: z.object({ text: z.string() }) })

function addTaking(server: McpServer, call: Call): void {
  const tag = z
    .string()
    .regex(/^[\w.-]{1,50}$/)
    .optional()
    .describe('a word to find it by')
  const annotations = { readOnlyHint: false, destructiveHint: false, openWorldHint: false }
  server.registerTool(
    'take_point',
    { description: 'takes a recovery point of everything: code, configuration, databases, volumes', inputSchema: { tag }, annotations }, // prettier-ignore
    (input, { signal }) => said(call(['backup', ...(input.tag ? [`--tag=${input.tag}`] : [])], signal)),
  )
}

function addRestoring(server: McpServer, call: Call): void {
  const annotations = { readOnlyHint: false, destructiveHint: true, openWorldHint: false }
  server.registerTool(
    'restore',
    { description: 'brings a part back, after the person in front of the client has agreed to the plan', inputSchema: restoreRequest, annotations }, // prettier-ignore
    (input, { signal }) => restore(server, call, input, signal),
  )
}

async function restore(
  server: McpServer,
  call: Call,
  input: RestoreRequest,
  signal: AbortSignal,
): Promise<CallToolResult> {
  const planned = await call(restoreArguments(input, '--plan'), signal)
  const plan = shownPlan.safeParse(planned.document)
  if (!planned.ok || !plan.success || (plan.data.obstacles ?? []).length > 0) return result({ ...planned, ok: false })
  // The point that was shown, whatever is the latest when the answer comes.
  const chosen = pointOf(plan.data)
  const pinned = chosen === undefined ? input : { ...input, point: chosen }
  const answer = await askPerson(server, planText(input, plan.data), signal)
  if (answer === 'yes') return said(call(restoreArguments(pinned, '--yes'), signal))
  return answer === 'no' ? notDone('the person said no; nothing was changed') : notDone(byHand(pinned))
}

const byHand = (request: RestoreRequest) =>
  `nothing was changed: this client cannot ask the person in front of it, and nobody else may agree. They can run it themselves, in a terminal: ${restoreLine(request)}`

/** The client shows the question to a person. 'nobody': it cannot. */
async function askPerson(
  { server }: McpServer,
  message: string,
  signal: AbortSignal,
): Promise<'yes' | 'no' | 'nobody'> {
  const asks = server.getClientCapabilities()?.elicitation
  if (!asks) return 'nobody'
  const confirm = {
    type: 'boolean',
    title: 'Restore',
    description: 'overwrite what is there now',
    default: false,
  } as const
  const requestedSchema = { type: 'object', properties: { confirm }, required: ['confirm'] } as const
  const waits = { signal, timeout: longestWaitMs }
  const { action, content } = await server.elicitInput({ message, requestedSchema: { ...requestedSchema, required: ['confirm'] } }, waits) // prettier-ignore
  return action === 'accept' && content?.['confirm'] === true ? 'yes' : 'no'
}

// A person may be away from the screen for a while.
const longestWaitMs = 30 * 60_000

const said = async (answer: Promise<Answer>): Promise<CallToolResult> => result(await answer)

const result = ({ ok, document }: Answer): CallToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(document) }],
  ...(ok ? {} : { isError: true }),
})

const notDone = (text: string): CallToolResult => ({ content: [{ type: 'text', text }], isError: true })
