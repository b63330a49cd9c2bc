import type { Project } from '../../project/project.ts'
import { byHand, type Step } from './by-hand.ts'
import { quoted } from './shell-words.ts'
import { needsOf, type Need } from './storage-needs.ts'

/** Vaults that one code opens; without it the sheet has an empty field. */
export interface KitVaults {
  readonly locations: readonly string[]
  readonly code: string | undefined
}

/** The recovery kit: all that stands on the sheet that suffices on an empty machine, however it is printed. */
export interface KitSheet {
  readonly name: string
  readonly id: string
  readonly hostname: string
  /** YYYY-MM-DD, local. */
  readonly printedOn: string
  readonly vaults: readonly KitVaults[]
  readonly needs: readonly Need[]
  /** What to type: with this program, and without it. */
  readonly steps: readonly Step[]
}

/** The kit of a project as it is today. `env` says which variables the storages go by here; their values are left out. */
export function kitSheet(
  project: Project,
  vaults: readonly KitVaults[],
  printedOn: Date,
  env: NodeJS.ProcessEnv = process.env,
): KitSheet {
  const { name, id, hostname } = project.facts
  const all = vaults.flatMap(({ locations }) => locations)
  const first = all[0] ?? ''
  return {
    ...{ name, id, hostname, vaults },
    printedOn: dayText(printedOn),
    needs: needsOf(all, env),
    steps: [withProgram(first, id, all.length), ...byHand(project, first, vaults[0]?.code)],
  }
}

const withProgram = (location: string, id: string, vaults: number): Step => ({
  title: 'On an empty machine with Docker, git and npm',
  commands: [
    ['npm ci && export PATH="$PWD/bin:$PATH"'],
    ['aidatavault recover', quoted(location), `--project ${id}`, '--plan'],
    ['aidatavault recover', quoted(location), `--project ${id}`],
  ],
  note: `The first in the source folder of AIDataVault; the second changes nothing and says what is missing. Give the recovery code, or its words, when asked for the password.${vaults > 1 ? ' Any vault above will do, here and below, with its code.' : ''}`,
})

function dayText(date: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
