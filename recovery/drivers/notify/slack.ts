import type { Channel, Message } from './channel.ts'
import { cutText } from './cut-text.ts'
import { post } from './post.ts'

const mostInHeader = 150
const mostInSection = 3000

/** An incoming webhook of Slack. */
export const slackChannel = (name: string, url: URL): Channel => ({
  name,
  type: 'slack',
  send: async (message, signal) => {
    await post({ url, body: slackBody(message) }, signal)
  },
})

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false })

/** Blocks hold plain text, in which nothing means anything; `text`, shown where blocks are not, is escaped as Slack asks for. */
export const slackBody = ({ title, body }: Message) => ({
  text: escapeSlack(title),
  blocks: [
    { type: 'header', text: plain(cutText(title, mostInHeader)) },
    ...(body === '' ? [] : [{ type: 'section', text: plain(cutText(body, mostInSection)) }]),
  ],
})

/** So that no `<!channel>` in an error's words calls anybody. */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
