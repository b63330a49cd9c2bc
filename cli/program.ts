import { Command, InvalidArgumentError, Option } from 'commander'
import { exitCodes } from '../contract/exit-codes.ts'
import { programName, type Tools } from '../recovery/operations/index.ts'
import { backupCommand } from './commands/backup.ts'
import { checkCommand } from './commands/check.ts'
import { configCommand } from './commands/config.ts'
import { copyCommand } from './commands/copy.ts'
import { demoCommand } from './commands/demo.ts'
import { drillCommand } from './commands/drill.ts'
import { exportCommand } from './commands/export.ts'
import { guardCommand } from './commands/guard.ts'
import { importCommand } from './commands/import.ts'
import { initCommand } from './commands/init.ts'
import { keyCommand } from './commands/key/key.ts'
import { kitCommand } from './commands/kit/kit.ts'
import { mcpCommand } from './commands/mcp.ts'
import { metricsCommand } from './commands/metrics.ts'
import { notifyCommand } from './commands/notify.ts'
import { pointsCommand } from './commands/points.ts'
import { pruneCommand } from './commands/prune.ts'
import { recoverCommand } from './commands/recover.ts'
import { repairCommand } from './commands/repair.ts'
import { restoreCommand } from './commands/restore/restore.ts'
import { retainCommand } from './commands/retain.ts'
import { runCommand } from './commands/run.ts'
import { runsCommand } from './commands/runs.ts'
import { statusCommand } from './commands/status.ts'
import { undoCommand } from './commands/undo.ts'
import { unlockCommand } from './commands/unlock.ts'
import type { Context, GlobalOptions } from './context.ts'
import { Terminal } from './terminal.ts'
import { VaultsAhead } from './vaults-ahead.ts'

/** Binds the words of a command to what it works with. */
export type Follow = (work: (context: Context) => Promise<void>) => Promise<void>

/** The whole command line. `signal` is what Ctrl-C aborts; `started` tells which terminal a failure is to be shown on. */
export function buildProgram(tools: Tools, signal: AbortSignal, started: (terminal: Terminal) => void): Command {
  const program = new Command('aidatavault')
    .description('Makes an application that runs under Docker Compose recoverable, and proves it.')
    .version(programName.replace('aidatavault ', ''))
    .showHelpAfterError('(see: aidatavault --help)')
    .exitOverride()
  addGlobalOptions(program)
  const follow: Follow = async work => {
    const options = program.opts<GlobalOptions>()
    const terminal = new Terminal(terminalOptions(options), signal)
    started(terminal)
    const ahead = new VaultsAhead()
    try {
      await work({ options, terminal, tools, run: terminal.run(), ahead })
    } finally {
      void ahead.drop()
    }
  }
  for (const add of [
    initCommand,
    statusCommand,
    backupCommand,
    pointsCommand,
    restoreCommand,
    undoCommand,
    recoverCommand,
    importCommand,
    exportCommand,
    checkCommand,
    repairCommand,
    copyCommand,
    keyCommand,
    kitCommand,
    retainCommand,
    pruneCommand,
    drillCommand,
    runCommand,
    runsCommand,
    notifyCommand,
    metricsCommand,
    configCommand,
    guardCommand,
    mcpCommand,
    unlockCommand,
    demoCommand,
  ])
    add(program, follow)
  return program.addHelpText('after', () => examples + exitCodesText())
}

export const terminalOptions = (options: GlobalOptions) => ({
  json: options.json ?? false,
  quiet: options.quiet ?? false,
  verbose: options.verbose ?? false,
  color: options.color && !process.env.NO_COLOR && Boolean(process.stderr.isTTY),
})

function addGlobalOptions(program: Command): void {
  const repeat = (value: string, values: string[] = []) => [...values, value]
  program
    .option('--json', 'results and errors as JSON on stdout (documented in docs/reference/json.md)')
    .option('--quiet', 'only results, warnings and errors')
    .option('--verbose', 'say more, and show where an unexpected error came from')
    .option('--no-color', 'no colours (NO_COLOR does the same)')
    .addOption(
      new Option('--vault <VAULT>', 'path of the vault; may be repeated: a backup goes into each')
        .env('AIDATAVAULT_VAULT')
        .argParser(repeat),
    )
    .addOption(limitOption('--limit-upload <RATE>', 'send no more than so many KiB a second', 'UPLOAD'))
    .addOption(limitOption('--limit-download <RATE>', 'receive no more than so many KiB a second', 'DOWNLOAD'))
    .option('--no-cache', 'keep and read no copies of what a remote vault holds on this machine')
    .option('--password-file <FILE>', 'read the password of the vault from a file')
    .option('--password-command <COMMAND>', 'take the password of the vault from the output of a command')
    .option('--target-password-file <FILE>', 'the same of a second vault: of copy, or of a further --vault')
    .option('--target-password-command <COMMAND>', 'the same from a command')
    .option('--project-directory <DIR>', 'the Compose project directory, as docker compose has it')
    .option('-f, --file <FILE>', 'a Compose file, as docker compose has it; may be repeated', repeat)
    .option('-p, --project-name <NAME>', 'the Compose project name, as docker compose has it')
    .option('--profile <PROFILE>', 'a Compose profile, as docker compose has it; may be repeated', repeat)
}

const limitOption = (flags: string, description: string, direction: string) =>
  new Option(flags, `${description}, where the vault is remote`)
    .env(`AIDATAVAULT_LIMIT_${direction}`)
    .argParser(parseRate)

// Slower than this, what is under way at once would look like a connection that has fallen silent.
const leastKiB = 8

function parseRate(text: string): number {
  const rate = Number(text)
  if (/^\d+$/.test(text) && rate >= leastKiB && Number.isSafeInteger(rate)) return rate
  throw new InvalidArgumentError(`give a whole number of KiB a second, at least ${leastKiB}.`)
}

const examples = `
Examples:
  aidatavault init /mnt/backup/vault          find this project, make its vault, print the recovery kit
  aidatavault backup                          take a recovery point
  aidatavault points                          list what there is
  aidatavault recover /mnt/backup/vault       bring a project back on an empty machine
  aidatavault drill                           prove that the newest point can be recovered
  aidatavault demo                            see it all happen to a throwaway project
`

function exitCodesText(): string {
  const codes = Object.entries(exitCodes).sort(([, a], [, b]) => a - b)
  const lines = codes.map(([name, code]) => `  ${String(code).padStart(3)}  ${name}`)
  return `\nExit codes:\n    0  success\n${lines.join('\n')}\n`
}
