import { isAlarm, type Channel, type Message } from './channel.ts'
import { cutBytes, cutText } from './cut-text.ts'
import { post } from './post.ts'

export interface NtfyPlace {
  /** Of the server alone. */
  readonly server: URL
  readonly topic: string
  readonly token: string | undefined
}

// Longer ones are turned into attached files.
const mostBytes = 4096
const mostInTitle = 250
const priority = { alarm: 4, usual: 3 }

/** A topic of ntfy.sh, or of a server of one's own. */
export const ntfyChannel = (name: string, { server, topic, token }: NtfyPlace): Channel => ({
  name,
  type: 'ntfy',
  send: async (message, signal) => {
    // As JSON to the server itself: headers hold no other characters than ASCII.
    await post({ url: server, body: ntfyBody(message, topic), token }, signal)
  },
})

export const ntfyBody = (message: Message, topic: string) => ({
  topic,
  title: cutText(message.title, mostInTitle),
  // ntfy puts a word of its own in place of an empty one.
  message: cutBytes(message.body || message.title, mostBytes),
  priority: isAlarm(message) ? priority.alarm : priority.usual,
  tags: [isAlarm(message) ? 'rotating_light' : 'white_check_mark'],
})
