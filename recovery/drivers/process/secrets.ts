import type { ProgramCall } from './program.ts'

const mask = '***'
const telling = /PASS|SECRET|TOKEN|CREDENTIAL|API_?KEY/i

/** What a call must not leak: the values it names, and those of variables whose names tell that they are secrets. */
export function secretsOf(call: Pick<ProgramCall, 'env' | 'secrets'>): string[] {
  const byName = Object.entries(call.env ?? {}).flatMap(([name, value]) => (value && telling.test(name) ? [value] : []))
  return [...(call.secrets ?? []), ...byName]
}

/** `text` with every secret replaced, also where a program printed it percent-encoded or quoted as JSON. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap(secret => [secret, percentEncoded(secret), JSON.stringify(secret).slice(1, -1)])
  // The longest first: one secret may be the beginning of another.
  const ordered = [...new Set(forms)].filter(form => form !== '').sort((a, b) => b.length - a.length)
  return ordered.reduce((masked, form) => masked.replaceAll(form, mask), text)
}

function percentEncoded(secret: string): string {
  try {
    return encodeURIComponent(secret)
  } catch {
    // A lone surrogate has no such form.
    return ''
  }
}
