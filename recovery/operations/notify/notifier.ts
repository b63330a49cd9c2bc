import os from 'node:os'
import type { NotificationsConfig } from '../../../contract/notification-config.ts'
import type { RunRecord } from '../../../contract/run-record.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { sendPing, type DeliveryTiming, type Message, type Ping } from '../../drivers/notify/index.ts'
import { appendRun, readRuns } from '../../journal/run-history.ts'
import { durationMs } from '../hooks/run-hook.ts'
import { tell, type Delivery, type Telling } from './deliveries.ts'
import { contextOf, dueNotices, isFailure, type NoticeRules } from './due-notices.ts'
import { noticeOf, valuesOf } from './notice-text.ts'
import { channelName, openChannel, pingUrl, Secrets } from './open-channels.ts'
import type { ToldProject } from './told-project.ts'

const usual = {
  on: ['failure', 'recovery', 'missed', 'stale-proof'],
  repeatAfter: '1d',
  staleProofAfter: '14d',
} as const
// Somebody who has stopped a run waits no minute for its mail.
const afterStopMs = 10_000
// A job does not wait for a monitor that hangs.
const startTiming: DeliveryTiming = { attempts: 2, attemptMs: 5000, firstWaitMs: 500, totalMs: 10_000 }

/**
 * Tells people and monitors of the runs of a project, as its aidatavault.yml says, and writes into the run history whom it has told.
 * `root` is the project's whole folder, where that lies.
 */
export class Notifier {
  readonly #project: ToldProject
  readonly #root: string
  readonly #run: Run
  readonly #secrets: Secrets
  readonly #timing: DeliveryTiming | undefined
  readonly #starts = new Map<string, Promise<Delivery>>()

  constructor(project: ToldProject, root: string, run: Run, timing?: DeliveryTiming) {
    this.#project = project
    this.#root = root
    this.#run = run
    this.#secrets = new Secrets(project)
    this.#timing = timing
  }

  /** A run begins: its monitor is told beside the work. */
  started(record: RunRecord): void {
    if (this.#project.config.pings?.[record.job] === undefined) return
    this.#starts.set(record.id, this.#ping(record, 'start', '', this.#timing ?? startTiming))
  }

  /**
   * A run has ended, or was missed, and stands in the history. Resolves when everybody has been told; what did not arrive is warned of,
   * told through the other channels, noted in the history, and given back.
   */
  async ended(record: RunRecord): Promise<readonly Delivery[]> {
    const now = this.#run.clock.now()
    const before = (await readRuns(this.#root, now)).filter(({ id }) => id !== record.id)
    const told = await Promise.all([...this.#tellPeople(record, before, now), ...this.#tellMonitor(record)])
    const failed = told.filter(({ error }) => error)
    const deliveries = [...told, ...(await this.#tellOfFailed(failed, before, now))]
    for (const { to, event, error } of deliveries)
      if (error) this.#run.report({ kind: 'warning', text: `${to} could not be told (${event}): ${error.message}` })
    await this.#note(record, deliveries)
    return deliveries.filter(({ error }) => error)
  }

  get #settings(): NotificationsConfig {
    return this.#project.config.notifications ?? { channels: [] }
  }

  #rules(): NoticeRules {
    const { channels, repeatAfter = usual.repeatAfter, staleProofAfter } = this.#settings
    const proofAge = staleProofAfter ?? this.#project.config.targets?.proof ?? usual.staleProofAfter
    return {
      channels: channels.map(channel => ({ name: channelName(channel), on: channel.on ?? usual.on })),
      repeatMs: durationMs(repeatAfter),
      staleProofMs: durationMs(proofAge),
    }
  }

  #tellPeople(record: RunRecord, before: readonly RunRecord[], now: Date): Promise<Delivery>[] {
    const rules = this.#rules()
    const values = valuesOf(record, contextOf(record, before, rules.staleProofMs, now), this.#project, now)
    return dueNotices(record, before, rules, now).map(({ channel, event }) =>
      this.#tellThrough(channel, event, own => noticeOf(event, own, values)),
    )
  }

  #tellThrough(
    name: string,
    event: string,
    messageFor: (own: { title?: string; body?: string }) => Message,
  ): Promise<Delivery> {
    const config = this.#settings.channels.find(channel => channelName(channel) === name)!
    const { title, body } = config
    const message = messageFor({ ...(title && { title }), ...(body && { body }) })
    const send = async (signal: AbortSignal) => (await openChannel(config, this.#secrets)).send(message, signal)
    return tell(name, event, send, this.#telling())
  }

  #tellMonitor(record: RunRecord): Promise<Delivery>[] {
    const start = this.#starts.get(record.id)
    this.#starts.delete(record.id)
    if (this.#project.config.pings?.[record.job] === undefined || record.outcome === 'missed') return []
    const text = pingText(record)
    const end = async () => {
      // A monitor that is told of the end first takes the start for another run.
      await start
      return this.#ping(record, record.outcome === 'success' ? 'success' : 'fail', text)
    }
    return [...(start ? [start] : []), end()]
  }

  #ping({ job, id }: RunRecord, signal: Ping['signal'], text: string, timing = this.#timing): Promise<Delivery> {
    const send = async (abort: AbortSignal) => {
      const url = await pingUrl(job, this.#project.config.pings, this.#secrets)
      if (url) await sendPing(url, { signal, run: id, text }, abort)
    }
    return tell(`ping ${job}`, signal, send, { ...this.#telling(), ...(timing && { timing }) })
  }

  /** One message for all that failed, through every channel that did not. */
  #tellOfFailed(failed: readonly Delivery[], before: readonly RunRecord[], now: Date): Promise<readonly Delivery[]> {
    const broken = new Set(failed.map(({ to }) => to))
    const news = [...broken].filter(to => !wasToldOf(to, before, now, this.#rules().repeatMs))
    const others = this.#settings.channels.map(channelName).filter(name => !broken.has(name))
    if (news.length === 0) return Promise.resolve([])
    const message = failureOfChannels(failed, this.#project)
    return Promise.all(others.map(name => this.#tellThrough(name, channelFailed + news.join(', '), () => message)))
  }

  /** What is noted of whom was told is why nobody is told twice. */
  async #note(record: RunRecord, deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return
    const at = this.#run.clock.now().toISOString()
    const notices = deliveries.map(({ to, event, error }) => ({
      ...{ to, event, at, ok: error === undefined },
      ...(error && { message: error.message }),
    }))
    await appendRun(this.#root, { ...record, notices }).catch((error: unknown) =>
      this.#run.report({
        kind: 'warning',
        text: `who was told is not written down in the run history, so it will be told again: ${messageOf(error)}`,
      }),
    )
  }

  #telling(): Telling {
    const { signal } = this.#run
    return {
      signal: signal.aborted ? AbortSignal.timeout(afterStopMs) : signal,
      secrets: this.#secrets,
      ...(this.#timing && { timing: this.#timing }),
    }
  }
}

const channelFailed = 'channel-failed '

const wasToldOf = (to: string, before: readonly RunRecord[], now: Date, repeatMs: number): boolean =>
  before.some(({ notices }) =>
    notices?.some(
      ({ event, ok, at }) => ok && namesIn(event).includes(to) && now.getTime() - Date.parse(at) < repeatMs,
    ),
  )

/** The channels that such a message was about. */
const namesIn = (event: string): string[] =>
  event.startsWith(channelFailed) ? event.slice(channelFailed.length).split(', ') : []

function failureOfChannels(failed: readonly Delivery[], { name, directory }: ToldProject): Message {
  const lines = failed.map(
    ({ to, event, error }) =>
      `${to} (${event}): ${error?.message}${error?.hint ? `\n  What to do: ${error.hint}` : ''}`,
  )
  const names = [...new Set(failed.map(({ to }) => to))].join(', ')
  return {
    event: 'channel-failed',
    title: `${name}: AIDataVault could not reach ${names}`,
    body: [...lines, '', `Host: ${os.hostname()}`, `Folder: ${directory}`].join('\n'),
    facts: { project: name, host: os.hostname(), folder: directory },
  }
}

/** What a monitor shows of the end of a run. */
function pingText(record: RunRecord): string {
  const { exitCode, error, point, outcome } = record
  if (!isFailure(record) && outcome === 'success') return point ? `point ${point.slice(0, 8)}` : ''
  const code = exitCode === undefined ? [] : [`exit code ${exitCode}`]
  return [outcome, ...code, ...(error ? [error.message, ...(error.hint ? [error.hint] : [])] : [])].join('\n')
}

/** Rejects with notification-failed where somebody could not be told. */
export function assertTold(failed: readonly Delivery[]): void {
  const [first] = failed
  if (!first) return
  const names = [...new Set(failed.map(({ to }) => to))].join(', ')
  throw new RecoveryError(
    'notification-failed',
    `the job was done, but not told to ${names}: ${first.error?.message}`,
    {
      hint: first.error?.hint ?? 'try it with: aidatavault notify test',
    },
  )
}
