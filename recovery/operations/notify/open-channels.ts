import type { ChannelConfig, PingsConfig } from '../../../contract/notification-config.ts'
import type { Job } from '../../../contract/run-record.ts'
import {
  DeliveryFailure,
  discordChannel,
  emailChannel,
  ntfyChannel,
  slackChannel,
  telegramChannel,
  webhookChannel,
  type Channel,
} from '../../drivers/notify/index.ts'
import { readSecret } from '../../project/index.ts'
import type { ToldProject } from './told-project.ts'

/** How messages call a channel. */
export const channelName = ({ name, type }: ChannelConfig): string => name ?? type

/** Reads the secrets that keys of aidatavault.yml name, and remembers them: nothing that is said may hold one. */
export class Secrets {
  readonly known: string[] = []
  readonly #directory: string

  constructor({ directory }: ToldProject) {
    this.#directory = directory
  }

  async read(key: string, from: string): Promise<string> {
    const secret = await readSecret(key, from, this.#directory)
    this.known.push(secret)
    return secret
  }

  /** Rejects with a DeliveryFailure that does not repeat what is no URL. */
  async readUrl(key: string, from: string): Promise<URL> {
    const text = await this.read(key, from)
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return this.#remember(new URL(text))
    throw new DeliveryFailure(`aidatavault.yml, ${key}: what it names is no URL`, {
      hint: 'it begins with https://; take it as the service shows it',
    })
  }

  /** Servers repeat paths: Cannot POST /… */
  #remember(url: URL): URL {
    this.known.push(...[url.pathname, url.search].filter(({ length }) => length > 1))
    return url
  }
}

/** A channel as aidatavault.yml has it, ready to be told something. Rejects where a secret is missing. */
export async function openChannel(config: ChannelConfig, secrets: Secrets): Promise<Channel> {
  const name = channelName(config)
  const key = (last: string) => `notifications.channels (${name}).${last}`
  const optional = async (last: string, from: string | undefined) =>
    from === undefined ? undefined : secrets.read(key(last), from)
  switch (config.type) {
    case 'slack':
      return slackChannel(name, await secrets.readUrl(key('urlFrom'), config.urlFrom))
    case 'discord':
      return discordChannel(name, await secrets.readUrl(key('urlFrom'), config.urlFrom))
    case 'webhook': {
      const url =
        config.urlFrom === undefined ? new URL(config.url!) : await secrets.readUrl(key('urlFrom'), config.urlFrom)
      return webhookChannel(name, url, await optional('tokenFrom', config.tokenFrom))
    }
    case 'ntfy':
      return ntfyChannel(name, {
        server: new URL(config.server ?? 'https://ntfy.sh'),
        topic: config.topic ?? (await optional('topicFrom', config.topicFrom))!,
        token: await optional('tokenFrom', config.tokenFrom),
      })
    case 'telegram':
      return telegramChannel(name, {
        server: new URL(config.server ?? 'https://api.telegram.org'),
        token: await secrets.read(key('tokenFrom'), config.tokenFrom),
        ...{ chat: config.chat, thread: config.thread },
      })
    case 'email': {
      const { host, from, to, user, tls = 'starttls' } = config
      const pass = await optional('passwordFrom', config.passwordFrom)
      const login = user === undefined || pass === undefined ? undefined : { user, pass }
      return emailChannel(name, { host, from, to, tls, login, port: config.port ?? usualPorts[tls] })
    }
  }
}

const usualPorts = { starttls: 587, always: 465, none: 25 }

/** Where a monitor is told of a job; undefined where none is. */
export async function pingUrl(job: Job, pings: PingsConfig | undefined, secrets: Secrets): Promise<URL | undefined> {
  const ping = pings?.[job]
  if (!ping) return undefined
  return ping.urlFrom === undefined ? new URL(ping.url!) : secrets.readUrl(`pings.${job}.urlFrom`, ping.urlFrom)
}
