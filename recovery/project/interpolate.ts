export type Variables = Readonly<Record<string, string | undefined>>

const reference = /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+?])((?:[^{}]|\$\{[^{}]*\})*))?\})/g

/** Compose's variables: $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:+other}, ${NAME:?error}; '$$' is '$'. Unset is empty. */
export const interpolate = (text: string, variables: Variables): string =>
  text.replace(
    reference,
    (_whole, dollar?: string, plain?: string, braced?: string, operator?: string, word: string = '') => {
      if (dollar) return '$'
      const value = variables[(plain ?? braced)!]
      const isThere = operator?.startsWith(':') ? value !== undefined && value !== '' : value !== undefined
      if (operator?.endsWith('+')) return isThere ? interpolate(word, variables) : ''
      if (operator?.endsWith('-') && !isThere) return interpolate(word, variables)
      return value ?? ''
    },
  )
