/**
 * Ways to tell people and monitors something. This room knows the protocols, their limits and their escaping; when somebody is to be
 * told, and of what, is not decided here.
 */
import type { NoticeEvent } from '../../../contract/notification-config.ts'

/** What is told: plain text, with no markup of anybody. */
export interface Message {
  readonly event: NoticeEvent | 'test' | 'channel-failed'
  /** One line. */
  readonly title: string
  /** Lines. */
  readonly body: string
  /** What it is about, for programs; no secrets. */
  readonly facts: Readonly<Record<string, string>>
}

/** One way to somebody. */
export interface Channel {
  readonly name: string
  readonly type: string
  /** Tells it once. Rejects with a DeliveryFailure, which says whether another try may help; with an AbortError when `signal` ends it. */
  send(message: Message, signal: AbortSignal): Promise<void>
}

/** Whether somebody has to look: then it is told more urgently where a channel knows urgency. */
export const isAlarm = ({ event }: Message): boolean => !['recovery', 'success', 'test'].includes(event)

/** Title and body as one text. */
export const wholeText = ({ title, body }: Message): string => (body === '' ? title : `${title}\n\n${body}`)
