import type { TemplateName } from '../../../contract/notification-config.ts'

/** What each name stands for; a name without a value stands for nothing. */
export type TemplateValues = Readonly<Partial<Record<TemplateName, string>>>

const place = /\{\{\s*(\w+)\s*\}\}/g

/**
 * Puts values in the places of their names; what a value holds is never looked at again. A line of several that has names, and a
 * value for none of them, is left out.
 */
export function fillTemplate(template: string, values: TemplateValues): string {
  const valueOf = (name: string) => values[name as TemplateName] ?? ''
  const isSaid = (line: string) => {
    const names = [...line.matchAll(place)].map(([, name = '']) => name)
    return names.length === 0 || names.some(name => valueOf(name) !== '')
  }
  const lines = template.split('\n')
  const said = lines.length === 1 ? lines : lines.filter(isSaid)
  const text = said.join('\n').replaceAll(place, (_, name: string) => valueOf(name))
  // What was left out leaves no gap.
  return text
    .replaceAll(/ +$/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}
