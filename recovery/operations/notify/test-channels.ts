import { randomUUID } from 'node:crypto'
import os from 'node:os'
import { jobs } from '../../../contract/run-record.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { sendPing, type DeliveryTiming, type Message } from '../../drivers/notify/index.ts'
import { tell, type Delivery, type Telling } from './deliveries.ts'
import { channelName, openChannel, pingUrl, Secrets } from './open-channels.ts'
import type { ToldProject } from './told-project.ts'

/**
 * Sends a test through each channel and to each monitor, or the one that is named, and says what came of it. Monitors get `/log`,
 * which changes the state of none. Rejects with bad-input where nothing is configured, or nothing of that name.
 */
export async function testChannels(
  project: ToldProject,
  only: string | undefined,
  run: Run,
  timing?: DeliveryTiming,
): Promise<readonly Delivery[]> {
  const secrets = new Secrets(project)
  const telling: Telling = { signal: run.signal, secrets, ...(timing && { timing }) }
  const tests = [...channelTests(project, telling), ...pingTests(project, telling)]
  const chosen = tests.filter(({ to }) => only === undefined || to === only)
  if (chosen.length === 0) throw nothingToTest(tests.map(({ to }) => to))
  return Promise.all(chosen.map(({ test }) => test()))
}

interface Test {
  readonly to: string
  test(): Promise<Delivery>
}

const channelTests = (project: ToldProject, telling: Telling): Test[] =>
  (project.config.notifications?.channels ?? []).map(config => {
    const send = async (signal: AbortSignal) =>
      (await openChannel(config, telling.secrets)).send(testMessage(project), signal)
    const to = channelName(config)
    return { to, test: () => tell(to, 'test', send, telling) }
  })

const pingTests = ({ config: { pings } }: ToldProject, telling: Telling): Test[] =>
  jobs
    .filter(job => pings?.[job] !== undefined)
    .map(job => {
      const send = async (signal: AbortSignal) => {
        const url = await pingUrl(job, pings, telling.secrets)
        if (url) await sendPing(url, { signal: 'log', run: randomUUID(), text: 'a test of AIDataVault' }, signal)
      }
      const to = `ping ${job}`
      return { to, test: () => tell(to, 'test', send, telling) }
    })

const testMessage = ({ name, directory }: ToldProject): Message => ({
  event: 'test',
  title: `${name}: a test of AIDataVault`,
  body: `Messages about the backups of ${name} arrive here.\n\nHost: ${os.hostname()}\nFolder: ${directory}`,
  facts: { project: name, host: os.hostname(), folder: directory },
})

const nothingToTest = (names: readonly string[]): RecoveryError =>
  names.length === 0
    ? new RecoveryError('bad-input', 'aidatavault.yml names nobody who is told of anything', {
        hint: 'add notifications or pings; see docs/guide/notifications.md',
      })
    : new RecoveryError('bad-input', 'there is no such channel', {
        hint: `there are: ${names.map(name => `"${name}"`).join(', ')}`,
      })
