import fs from 'node:fs/promises'
import { composeCli, dockerCli } from '../../../drivers/docker/index.ts'
import { RestoreJournal } from '../../../journal/restore-journal.ts'
import { discoverProject } from '../../../project/index.ts'
import { openStorage, openVault } from '../../../../vault/index.ts'
import { planCode, restoreCode } from '../code.ts'
import { planConfig, restoreConfig } from '../config.ts'
import { planUndo, undo } from '../undo.ts'

// node restore-and-die.ts KIND PROJECT VAULT POINT STEP MOVES: a restore (or the undo of the last one) that is killed when STEP has been written down, or
// after so many moves of files in it. A program of its own, since a kill spares nothing of a process.
const [kind, directory, vaultFolder, point, dieAt, moves] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const die = () => process.kill(process.pid, 'SIGKILL')

const begins = RestoreJournal.prototype.begins
RestoreJournal.prototype.begins = async function (step, detail) {
  await begins.call(this, step, detail)
  if (step !== dieAt) return
  if (Number(moves) === 0) die()
  countMoves(Number(moves))
}

function countMoves(most: number): void {
  const rename = fs.rename.bind(fs)
  let done = 0
  fs.rename = async (from, to) => {
    await rename(from, to)
    if (++done === most) die()
  }
}

const run = { signal: new AbortController().signal, clock: { now: () => new Date() }, report: () => {} }
const tools = { engine: dockerCli(), compose: composeCli() }
const vault = await openVault(openStorage(vaultFolder), { password: 'test' })
const project = await discoverProject({ directory }, tools, run)
const restoration = { project, vault, tools, run }
const choice = { point, accept: [] }
if (kind === 'undo') await undo(await planUndo(restoration), restoration)
else if (kind === 'code') await restoreCode(await planCode(choice, restoration), restoration)
else await restoreConfig(await planConfig({ ...choice, files: [], keys: [], all: false }, restoration), restoration)
await vault.close()
