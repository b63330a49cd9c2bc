import { encodeGoString } from './go-string.ts'
import { parseJson } from './json.ts'
import { JsonObject } from './json-object.ts'
import { dateOfTime, formatTime, timeOfDate } from './time.ts'

/** What a lock file says; missing fields read as zero, '' and 0001-01-01. */
export interface LockContent {
  readonly time: Date
  readonly exclusive: boolean
  readonly hostname: string
  readonly username: string
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

const names = new Set(['time', 'exclusive', 'hostname', 'username', 'pid', 'uid', 'gid'])
const what = 'a lock file'

/** Reads the JSON of a lock file (see unpacked.ts). */
export function parseLock(json: Uint8Array): LockContent {
  const object = new JsonObject(parseJson(json, what), what, names)
  return {
    time: dateOfTime(object.time('time')),
    exclusive: object.flag('exclusive'),
    hostname: object.text('hostname'),
    username: object.text('username'),
    pid: object.count('pid'),
    uid: object.uint('uid'),
    gid: object.uint('gid'),
  }
}

export function encodeLock({ time, exclusive, hostname, username, pid, uid, gid }: LockContent): Buffer {
  const owner = (uid ? `,"uid":${uid}` : '') + (gid ? `,"gid":${gid}` : '')
  return Buffer.from(
    `{"time":"${formatTime(timeOfDate(time))}","exclusive":${exclusive},"hostname":${encodeGoString(hostname)},` +
      `"username":${encodeGoString(username)},"pid":${pid}${owner}}`,
  )
}
