import type { Channel, Message } from './channel.ts'
import { post } from './post.ts'

/** Anybody's own receiver. */
export const webhookChannel = (name: string, url: URL, token: string | undefined): Channel => ({
  name,
  type: 'webhook',
  send: async (message, signal) => {
    await post({ url, body: webhookBody(message), token }, signal)
  },
})

/** Documented in docs/guide/notifications.md; fields are added, never changed. */
export const webhookBody = ({ event, title, body, facts }: Message) => ({ version: 1, event, title, body, ...facts })
