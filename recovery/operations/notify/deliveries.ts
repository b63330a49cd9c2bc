import { RecoveryError, messageOf } from '../../domain/errors.ts'
import { deliver, deliveryTiming, type DeliveryTiming } from '../../drivers/notify/index.ts'
import { maskSecrets } from '../../drivers/process/secrets.ts'
import type { Secrets } from './open-channels.ts'

/** What came of telling somebody something. */
export interface Delivery {
  /** The name of a channel, or 'ping backup'. */
  readonly to: string
  readonly event: string
  /** Why it did not arrive; undefined: it did. */
  readonly error: RecoveryError | undefined
}

/** What telling goes by: when to stop, how patiently to try, and what must not be said. */
export interface Telling {
  readonly signal: AbortSignal
  readonly secrets: Secrets
  readonly timing?: DeliveryTiming
}

/** Tries to tell somebody something. Never rejects: what goes wrong is the outcome, and holds no secret. */
export async function tell(
  to: string,
  event: string,
  send: (signal: AbortSignal) => Promise<void>,
  { signal, secrets, timing = deliveryTiming }: Telling,
): Promise<Delivery> {
  try {
    await deliver(send, signal, timing)
    return { to, event, error: undefined }
  } catch (error) {
    return { to, event, error: masked(error, signal, secrets) }
  }
}

/** A service may repeat what it was sent. */
function masked(error: unknown, signal: AbortSignal, { known }: Secrets): RecoveryError {
  if (signal.aborted) return new RecoveryError('notification-failed', 'it was stopped before it arrived')
  const hint = error instanceof RecoveryError ? error.hint : undefined
  const message = maskSecrets(messageOf(error), known)
  return new RecoveryError('notification-failed', message, hint === undefined ? {} : { hint })
}
