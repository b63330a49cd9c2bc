import { describeFullStorage, describeStorage } from './conformance.ts'
import { MemoryStorage } from './memory.ts'

describeStorage('memory', async () => new MemoryStorage())
describeFullStorage('memory', async () => new MemoryStorage({ capacityBytes: 100_000 }))
