const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text as it stands in a page, in an attribute too. */
export const htmlText = (value: string): string => value.replace(/[&<>"']/g, letter => escapes[letter]!)
