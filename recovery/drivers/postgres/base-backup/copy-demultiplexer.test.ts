import { describe, expect, it } from 'vitest'
import { copyDemultiplexer, type BackupItem } from './copy-demultiplexer.ts'

const bytes = (text: string) => Buffer.from(text)
const shown = (items: readonly BackupItem[]) =>
  items.map(item => {
    if (item.kind === 'archive') return `archive ${item.index}`
    return item.kind === 'bytes'
      ? Buffer.from(item.bytes)
          .toString()
          .replace(/\0+/, zeros => `${zeros.length} zeros`)
      : 'end'
  })

describe('the copy messages of a base backup', () => {
  it('of 15 and newer are told apart by their tags', () => {
    const items: BackupItem[] = []
    const copy = copyDemultiplexer(true, 2, item => items.push(item))
    copy.copyStarted()
    for (const message of [
      'n16385.tar\0/x\0',
      'done',
      'p12345678',
      'nbase.tar\0\0',
      'dtwo',
      'dthree',
      'm',
      'd{"a"',
      'd:1}',
    ])
      copy.copyData(bytes(message))
    expect(copy.isWhole()).toBe(false)
    copy.copyEnded()
    expect(copy.isWhole()).toBe(true)
    expect(shown(items)).toEqual(['archive 0', 'one', 'end', 'archive 1', 'two', 'three', 'end'])
    expect(Buffer.from(copy.manifest()).toString()).toBe('{"a":1}')
  })

  it('of 13 and 14 are a copy each, and get the end of an archive that the server leaves out', () => {
    const items: BackupItem[] = []
    const copy = copyDemultiplexer(false, 2, item => items.push(item))
    for (const part of [['one'], ['two', 'three'], ['{"a"', ':1}']]) {
      expect(copy.isWhole()).toBe(false)
      copy.copyStarted()
      for (const message of part) copy.copyData(bytes(message))
      copy.copyEnded()
    }
    expect(copy.isWhole()).toBe(true)
    const end = '1024 zeros'
    expect(shown(items)).toEqual(['archive 0', 'one', end, 'end', 'archive 1', 'two', 'three', end, 'end'])
    expect(Buffer.from(copy.manifest()).toString()).toBe('{"a":1}')
  })

  it('are not whole while an archive or the manifest is missing', () => {
    const copy = copyDemultiplexer(true, 2, () => {})
    for (const message of ['nbase.tar\0\0', 'm', 'd{}']) copy.copyData(bytes(message))
    copy.copyEnded()
    expect(copy.isWhole()).toBe(false)
    const other = copyDemultiplexer(true, 1, () => {})
    other.copyData(bytes('nbase.tar\0\0'))
    other.copyEnded()
    expect(other.isWhole()).toBe(false)
  })

  it('keep their bytes when the driver uses its buffer again', () => {
    const items: BackupItem[] = []
    const copy = copyDemultiplexer(true, 1, item => items.push(item))
    copy.copyData(bytes('nbase.tar\0\0'))
    const buffer = bytes('dkept')
    copy.copyData(buffer)
    buffer.fill(0)
    expect(shown(items)).toEqual(['archive 0', 'kept'])
  })

  it.each([
    [['dlost'], 'bytes outside'],
    [['n1\0', 'n2\0'], 'more archives'],
    [['x'], 'type 120'],
  ])('are refused where they make no sense: %j', (messages, reason) => {
    const copy = copyDemultiplexer(true, 1, () => {})
    expect(() => messages.forEach(message => copy.copyData(bytes(message)))).toThrow(reason)
  })
})
