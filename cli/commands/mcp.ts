import type { Command } from 'commander'
import type { Context } from '../context.ts'
import type { Follow } from '../program.ts'

export function mcpCommand(program: Command, follow: Follow): void {
  program
    .command('mcp')
    .description('a Model Context Protocol server on stdin and stdout, for coding assistants')
    .addHelpText('after', '\nExample:\n  aidatavault --project-directory /srv/shop mcp\n')
    .action(() => follow(runMcp))
}

/** Serves until the client goes, or a signal comes. What it loads no other command waits for. */
async function runMcp({ options, run }: Context): Promise<void> {
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js')
  const { callWith } = await import('../mcp/call.ts')
  const { mcpServer } = await import('../mcp/server.ts')
  const server = mcpServer(callWith(options))
  const ended = new Promise<void>(resolve => {
    server.server.onclose = resolve
    run.signal.addEventListener('abort', () => resolve())
    process.stdin.on('end', resolve)
  })
  await server.connect(new StdioServerTransport())
  await ended
  await server.close()
}
