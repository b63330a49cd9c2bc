import { wholeText, type Channel, type Message } from './channel.ts'
import { cutText } from './cut-text.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { post } from './post.ts'

export interface TelegramPlace {
  /** Of the Bot API server. */
  readonly server: URL
  readonly token: string
  readonly chat: string | number
  readonly thread: number | undefined
}

const mostText = 4096
const tokenForm = /^\d+:[\w-]+$/

/** A bot that writes into a chat. Rejects with a DeliveryFailure where the token is none. */
export const telegramChannel = (name: string, place: TelegramPlace): Channel => ({
  name,
  type: 'telegram',
  send: async (message, signal) => {
    await post({ url: methodUrl(place), body: telegramBody(message, place) }, signal)
  },
})

function methodUrl({ server, token }: TelegramPlace): URL {
  // It becomes a part of the path: nothing else may.
  if (!tokenForm.test(token))
    throw new DeliveryFailure('what tokenFrom names is no token of a Telegram bot', {
      hint: 'take the whole token as @BotFather says it, such as 123456789:AA…',
    })
  return new URL(`${server.href.replace(/\/$/, '')}/bot${token}/sendMessage`)
}

/** Without a parse mode: then no character means anything. */
export const telegramBody = (message: Message, { chat, thread }: Pick<TelegramPlace, 'chat' | 'thread'>) => ({
  chat_id: chat,
  ...(thread === undefined ? {} : { message_thread_id: thread }),
  text: cutText(wholeText(message), mostText),
  link_preview_options: { is_disabled: true },
})
