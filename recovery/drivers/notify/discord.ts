import { wholeText, type Channel, type Message } from './channel.ts'
import { cutText } from './cut-text.ts'
import { post } from './post.ts'

const mostContent = 2000
// SUPPRESS_EMBEDS: no pictures of pages that a text links to.
const flags = 4

/** A webhook of a Discord channel. */
export function discordChannel(name: string, url: URL): Channel {
  const waiting = new URL(url)
  // Without it Discord answers before it has looked at the message.
  waiting.searchParams.set('wait', 'true')
  return {
    name,
    type: 'discord',
    send: async (message, signal) => {
      await post({ url: waiting, body: discordBody(message) }, signal)
    },
  }
}

/** Nobody is mentioned, and no character is taken for markup. */
export const discordBody = (message: Message) => ({
  content: escaped(wholeText(message)),
  allowed_mentions: { parse: [] },
  flags,
})

function escaped(text: string): string {
  const whole = text.replaceAll(/[\\*_~`|<>[\]#@]/g, '\\$&')
  // A cut between the backslash and its character leaves a backslash that would escape the dots.
  return cutText(whole, mostContent).replace(/(?<!\\)((?:\\\\)*)\\…$/, '$1…')
}
