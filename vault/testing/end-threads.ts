/** A program of its own: starts threads and ends each while it is still loading, at another moment each time. */
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Thread, threadOptions, threadsLoaded } from '../thread.ts'

const ways = {
  end: async (thread: Thread<object, object>) => thread.end(),
  exit: async () => {
    await threadsLoaded()
    process.exit(7)
  },
}

const [way, times, after] = process.argv.slice(2)
for (let time = 0; time < Number(times); time++) {
  const worker = new Worker(new URL('../files/look-ahead-thread.ts', import.meta.url), threadOptions())
  const thread = new Thread<object, object>(worker, { onMessage: () => {}, onEnd: () => {} })
  await wait(Number(after) + ((5 * time) % 100))
  await ways[way as keyof typeof ways](thread)
}
