import { expect, it } from 'vitest'
import { anonymousVolumeName, withAttachments } from './anonymous-volumes.ts'

const attachment = { service: 'web', target: '/data', volume: 'abc' }
const mounted = { type: 'volume', source: 'aidatavault_anonymous_0', target: '/data' }
const declared = { aidatavault_anonymous_0: { name: 'abc', external: true } }

it('puts a recovered volume where the model has one without a name', () => {
  const model = {
    services: {
      web: {
        image: 'i',
        volumes: [
          { type: 'volume', target: '/data' },
          { type: 'bind', target: '/b' },
        ],
      },
    },
  }
  expect(withAttachments(model, [attachment], { ours: '1' })).toEqual({
    services: { web: { image: 'i', volumes: [{ type: 'bind', target: '/b' }, mounted], labels: { ours: '1' } } },
    volumes: declared,
  })
})

it('puts it where only the image declares one, and keeps the other volumes', () => {
  const model = { services: { web: { image: 'i' } }, volumes: { other: {} } }
  expect(withAttachments(model, [attachment], { ours: '1' })).toEqual({
    services: { web: { image: 'i', volumes: [mounted], labels: { ours: '1' } } },
    volumes: { other: {}, ...declared },
  })
})

it('gives a volume without a name the same name in every run of one recovery, and another elsewhere', () => {
  expect(anonymousVolumeName('p', '/a', 'k')).toBe(anonymousVolumeName('p', '/a', 'k'))
  expect(anonymousVolumeName('p', '/a', 'k')).not.toBe(anonymousVolumeName('p', '/b', 'k'))
})
