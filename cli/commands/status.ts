import { Option, type Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  discoverProject,
  impatientEngine,
  Patience,
  projectStatus,
  readLost,
  recallProject,
  type Project,
} from '../../recovery/operations/index.ts'
import { exitCodes } from '../../contract/exit-codes.ts'
import { discoveryRequest, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { endingFor } from '../status/ending.ts'
import { folderOf, VaultOpener } from '../status/open-vaults.ts'
import type { Terminal } from '../terminal.ts'
import { screenText, type Gone } from '../status/screen.ts'
import { statusJson } from '../status/status-json.ts'

const patienceMs = 2000

export function statusCommand(program: Command, follow: Follow): void {
  program
    .command('status', { isDefault: true })
    .description('what would be lost now, what is not protected, and what is wrong (also the bare command)')
    .addOption(new Option('--wait', 'wait for every answer, however long it takes; else 2 seconds for each'))
    .addHelpText('after', '\nExamples:\n  aidatavault status\n  aidatavault status --json\n')
    .action((options: { wait?: boolean }) => follow(context => runStatus(options.wait ?? false, context)))
}

async function runStatus(wait: boolean, context: Context): Promise<void> {
  const { terminal, tools, run } = context
  const opener = new VaultOpener(context)
  const patience = new Patience(wait ? undefined : patienceMs, run)
  const [found] = await Promise.all([findOrRecall(opener, patience, context), opener.begin()])
  const { project, gone } = found
  const vaults = opener.places(project)
  await opener.answered()
  const status = await projectStatus({ project, vaults, patience }, tools, run)
  const ending = gone ? { code: gone.code, exitCode: exitCodes[gone.code] } : endingFor(status)
  // Colours are for who looks at it, not for a file.
  const style: Terminal['style'] = process.stdout.isTTY ? terminal.style.bind(terminal) : (_, text) => text
  terminal.result(screenText(status, gone, style, process.stdout.columns), statusJson(status, gone, ending))
  process.exitCode = ending.exitCode
  // What never answered would keep the process alive.
  if (status.leftBehind) process.stdout.write('', () => process.exit())
}

type Found = { readonly project: Project; readonly gone?: Gone & Pick<RecoveryError, 'code'> }

/** Where the files are gone that say what the project is, its newest point says it; rejects as discovery did where none can. */
async function findOrRecall(opener: VaultOpener, patience: Patience, context: Context): Promise<Found> {
  try {
    const { engine, compose } = context.tools
    const tools = { engine: impatientEngine(engine, patience), compose }
    return { project: await discoverProject(discoveryRequest(context), tools, context.run) }
  } catch (error) {
    if (!(error instanceof RecoveryError) || !['project-not-found', 'tool-failed'].includes(error.code)) throw error
    const lost = await readLost(folderOf(context))
    const config = lost.vault === undefined ? {} : { vault: lost.vault }
    const [place] = opener.places({ directory: lost.directory, config })
    const vault = await place?.opening.catch(() => undefined)
    const project = vault && (await recallProject(lost, vault, context.run).catch(() => undefined))
    if (!project) throw error
    const fix = 'aidatavault restore code'
    return { project: { ...project, config }, gone: { message: error.message, fix, code: error.code } }
  }
}
