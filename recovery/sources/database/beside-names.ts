// What PostgreSQL keeps of a name, in bytes.
const longest = 63

/** The new database that a restore makes beside `database`; `id` is the restore's. */
export const besideName = (database: string, id: string): string => withEnding(database, `_restore_${id}`)

/** The name that the old database gets, such as app_old_20261123_1806 (local time); none of `taken`. */
export function oldName(database: string, at: Date, taken: ReadonlySet<string>): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
  const ending = `_old_${day}_${two(at.getHours())}${two(at.getMinutes())}`
  for (let again = 1; ; again++) {
    const name = withEnding(database, again === 1 ? ending : `${ending}_${again}`)
    if (!taken.has(name)) return name
  }
}

function withEnding(name: string, ending: string): string {
  const cut = Buffer.from(name).subarray(0, longest - Buffer.byteLength(ending))
  // A character that was cut in two is left out whole.
  return cut.toString('utf8').replace(/\ufffd+$/, '') + ending
}
