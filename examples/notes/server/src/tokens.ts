import { createHmac, timingSafeEqual } from 'node:crypto'

const livesSeconds = 3600
const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url')

const sign = (text: string, secret: string) => createHmac('sha256', secret).update(text).digest('base64url')

/** True when both are the same text; takes equally long wherever they differ. */
export function isSame(given: string, wanted: string): boolean {
  const [a, b] = [given, wanted].map(text => createHmac('sha256', 'compare').update(text).digest())
  return timingSafeEqual(a!, b!)
}

/** A JSON Web Token (HS256) that allows writing for an hour. */
export function issueToken(secret: string, nowMs: number): string {
  const claims = { scope: 'write', exp: Math.floor(nowMs / 1000) + livesSeconds }
  const body = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
  return `${body}.${sign(body, secret)}`
}

/** True for a token that `issueToken` made with this secret and that has not expired. */
export function isValidToken(token: string, secret: string, nowMs: number): boolean {
  const [head, claims, signature, ...rest] = token.split('.')
  if (head !== header || !claims || !signature || rest.length > 0) return false
  if (!isSame(signature, sign(`${head}.${claims}`, secret))) return false
  const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp: number }
  return exp * 1000 > nowMs
}
