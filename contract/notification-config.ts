import { z } from 'zod'
import type { Job } from './run-record.ts'

/** What a channel can be told of. */
export const noticeEvents = ['failure', 'recovery', 'missed', 'stale-proof', 'success'] as const
export type NoticeEvent = (typeof noticeEvents)[number]

/** What `{{name}}` in a title or body can stand for. */
export const templateNames = [
  'project',
  'event',
  'job',
  'trigger',
  'outcome',
  'error',
  'code',
  'exitCode',
  'hint',
  'point',
  'vault',
  'host',
  'folder',
  'due',
  'started',
  'ended',
  'duration',
  'brokenFor',
  'proofAge',
  'run',
] as const
export type TemplateName = (typeof templateNames)[number]

const span = z.string().regex(/^\d+(ms|s|m|h|d)$/)

/** 'FILE#KEY': an env file of the project and a key in it; or '$NAME': a variable of the environment. */
const secretFrom = z.string().regex(/^(\$[A-Za-z_]\w*|[^#]+#[^#]+)$/)

/** Text with `{{name}}` in it. */
const template = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    for (const [, name = ''] of text.matchAll(/\{\{\s*(.*?)\s*\}\}/g))
      if (!templateNames.some(known => known === name))
        context.addIssue({ code: 'custom', message: `{{${name}}} stands for nothing (${templateNames.join(', ')} do)` })
  })

/** A place on the web without a login in it: that would be a secret. */
const webUrl = z.string().refine(
  text => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    return url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  },
  { message: 'must be a URL with http or https and no password; one that is secret comes from urlFrom' },
)

const common = {
  /** How `notify test` and messages call it; its type where it is left out. */
  name: z
    .string()
    .regex(/^[a-zA-Z0-9][\w.-]{0,63}$/)
    .optional(),
  /** Default: failure, recovery, missed, stale-proof. */
  on: z.array(z.enum(noticeEvents)).min(1).optional(),
  title: template.optional(),
  body: template.optional(),
}

const address = z.string().regex(/^([^\r\n<>,;"]*<[^\s<>,;@]+@[^\s<>,;@]+>|[^\s<>,;@]+@[^\s<>,;@]+)$/)

const email = z.strictObject({
  type: z.literal('email'),
  ...common,
  host: z.string().min(1),
  /** Default 587; 465 with tls: always; 25 with tls: none. */
  port: z.number().int().min(1).max(65_535).optional(),
  /** starttls (default): the connection must be upgraded. always: TLS from the start. none: in the clear, without a password. */
  tls: z.enum(['starttls', 'always', 'none']).optional(),
  user: z.string().min(1).optional(),
  passwordFrom: secretFrom.optional(),
  from: address,
  to: z.array(address).min(1),
})

const webhook = z.strictObject({
  type: z.literal('webhook'),
  ...common,
  url: webUrl.optional(),
  urlFrom: secretFrom.optional(),
  /** Sent as a bearer token. */
  tokenFrom: secretFrom.optional(),
})

const slack = z.strictObject({ type: z.literal('slack'), ...common, urlFrom: secretFrom })
const discord = z.strictObject({ type: z.literal('discord'), ...common, urlFrom: secretFrom })

const ntfyTopic = /^[-\w]{1,64}$/
const ntfy = z.strictObject({
  type: z.literal('ntfy'),
  ...common,
  /** Default https://ntfy.sh. */
  server: webUrl.optional(),
  topic: z.string().regex(ntfyTopic).optional(),
  /** On a server that is open to everybody the topic is the password. */
  topicFrom: secretFrom.optional(),
  tokenFrom: secretFrom.optional(),
})

const telegram = z.strictObject({
  type: z.literal('telegram'),
  ...common,
  /** A Bot API server of one's own; default https://api.telegram.org. */
  server: webUrl.optional(),
  tokenFrom: secretFrom,
  /** The id of a chat, or @channel. */
  chat: z.union([z.number().int(), z.string().regex(/^(-?\d+|@\w+)$/)]),
  /** A topic of a forum. */
  thread: z.number().int().positive().optional(),
})

const channel = z.discriminatedUnion('type', [email, webhook, slack, discord, ntfy, telegram])
export type ChannelConfig = z.infer<typeof channel>

type Issue = { readonly code: 'custom'; readonly message: string; readonly path: PropertyKey[] }

/** What no channel's own shape says: of two keys one, no password in the clear, each name once. */
function faultsOf(channels: readonly ChannelConfig[]): Issue[] {
  const names = channels.map(({ name, type }) => name ?? type)
  const faults = channels.flatMap((each, at) => {
    const fault =
      faultOf(each) ?? (names.indexOf(names[at]!) < at ? `needs a name: there is another ${names[at]}` : null)
    return fault === null ? [] : [{ code: 'custom' as const, message: fault, path: [at] }]
  })
  return faults
}

function faultOf(each: ChannelConfig): string | undefined {
  if (each.type === 'webhook' && (each.url === undefined) === (each.urlFrom === undefined))
    return 'needs one of url and urlFrom'
  if (each.type === 'ntfy' && (each.topic === undefined) === (each.topicFrom === undefined))
    return 'needs one of topic and topicFrom'
  if (each.type !== 'email') return undefined
  if ((each.user === undefined) !== (each.passwordFrom === undefined))
    return 'needs both user and passwordFrom, or none'
  if (each.tls === 'none' && each.user !== undefined)
    return 'sends no password in the clear: take tls: starttls or always'
  return undefined
}

/** Who is told of what. */
export const notifications = z.strictObject({
  channels: z.array(channel).superRefine((channels, context) => {
    for (const fault of faultsOf(channels)) context.addIssue(fault)
  }),
  /** How soon a failure that goes on, a missed run or a stale proof is told of again. Default 1d. */
  repeatAfter: span.optional(),
  /** For how long a proof counts. Default 14d. */
  staleProofAfter: span.optional(),
})

const ping = z
  .strictObject({ url: webUrl.optional(), urlFrom: secretFrom.optional() })
  .refine(({ url, urlFrom }) => (url === undefined) !== (urlFrom === undefined), {
    message: 'needs one of url and urlFrom',
  })

/** Monitors as healthchecks.io is one, by job: they are told of each start, success and failure, and find out about silence. */
export const pings = z.strictObject({
  backup: ping.optional(),
  copy: ping.optional(),
  retain: ping.optional(),
  check: ping.optional(),
  drill: ping.optional(),
} satisfies Record<Job, unknown>)

/** Figures for Prometheus. */
export const metrics = z.strictObject({
  /** Written after every job: a file in the folder of the node exporter's textfile collector. */
  textfile: z
    .string()
    .regex(/\.prom$/)
    .optional(),
  /** HOST:PORT at which `run` answers /metrics. */
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$/)
    .optional(),
})

/** The keys of a channel of a type; of all types where it is none. */
export const channelKeys = (type: unknown): readonly string[] => {
  const shapes = { email, webhook, slack, discord, ntfy, telegram }
  const known = Object.entries(shapes).find(([name]) => name === type)
  return known ? Object.keys(known[1].shape) : Object.keys(shapes)
}

export type NotificationsConfig = z.infer<typeof notifications>
export type PingsConfig = z.infer<typeof pings>
export type PingConfig = z.infer<typeof ping>
export type MetricsConfig = z.infer<typeof metrics>
