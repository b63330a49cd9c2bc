import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { newVaultKey } from '../crypto/keys.ts'
import { Engine } from '../wasm/engine.ts'
import { Squeezer } from './squeezer.ts'

const options = { key: newVaultKey(), polynomial: 0x3da3358b4dc173n }

/** An engine that never has room for what it compressed. */
class FullEngine extends Engine {
  override compress(): number {
    return 0
  }
}

it('what waits in memory comes back as it was, or not at all', () => {
  for (const engine of [new Engine(options), new FullEngine(options)]) {
    const squeezer = new Squeezer(engine)
    for (const plain of [Buffer.alloc(0), Buffer.alloc(50_000, 'name'), randomBytes(100_000)]) {
      const squeezed = squeezer.squeeze(plain)
      expect(squeezer.expand(squeezed, plain.length).equals(plain)).toBe(true)
      expect(() => squeezer.expand(squeezed, plain.length + 1)).toThrow(
        expect.objectContaining({ code: 'vault-damaged' }),
      )
    }
  }
})
