import { describe, expect, it } from 'vitest'
import { fillTemplate } from './fill-template.ts'
import { noticeOf, spanText } from './notice-text.ts'

describe('templates', () => {
  it('put values in their places, and nothing that a value holds is looked at again', () => {
    const values = { project: 'shop', error: '{{hint}} $& $1', hint: 'secret' }
    expect(fillTemplate('{{project}}/{{ error }}', values)).toBe('shop/{{hint}} $& $1')
  })

  it('leave out lines that have nothing to say, and no others', () => {
    const template = 'Error: {{error}}\n\nHint: {{hint}}\n\nHost: {{host}}\nbye'
    expect(fillTemplate(template, { host: 'h' })).toBe('Host: h\nbye')
    expect(fillTemplate('{{point}}', {})).toBe('')
  })

  it('say of a failure what happened, what to do and where', () => {
    const values = { project: 'shop', job: 'backup', error: 'no space', hint: 'make room', exitCode: '17', host: 'h' }
    expect(noticeOf('failure', {}, values)).toMatchObject({
      title: 'shop: backup failed',
      body: 'no space\nWhat to do: make room\n\nExit code: 17\nHost: h',
      facts: values,
    })
    expect(noticeOf('failure', { title: '{{job}} {{event}}' }, values).title).toBe('backup failure')
  })
})

describe('how long something took', () => {
  it.each([
    [0, '0 seconds'],
    [1000, '1 second'],
    [61_000, '1 minute 1 second'],
    [3_600_000, '1 hour'],
    [86_400_000 * 3 + 3_600_000 * 4 + 59_000, '3 days 4 hours'],
  ])('%d ms is %s', (ms, text) => expect(spanText(ms)).toBe(text))
})
