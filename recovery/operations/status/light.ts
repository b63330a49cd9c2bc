/** green: well. yellow: look at it when there is time. red: something would be lost, or already is not as it should be. */
export type Light = 'green' | 'yellow' | 'red'

/** How a thing stands, and the one command that mends it; null where none is needed, or no command can. */
export interface Judged {
  readonly light: Light
  readonly fix: string | null
}

export const green: Judged = { light: 'green', fix: null }
export const yellow = (fix: string | null = null): Judged => ({ light: 'yellow', fix })
export const red = (fix: string): Judged => ({ light: 'red', fix })

const order: readonly Light[] = ['green', 'yellow', 'red']

/** The worst of them; green where there is none. */
export const worst = (things: readonly { readonly light: Light }[]): Light =>
  order[Math.max(0, ...things.map(({ light }) => order.indexOf(light)))] ?? 'green'
