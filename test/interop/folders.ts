import { createCipheriv } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { makeOddFolder } from '../../vault/files/testing/odd-folder.ts'

/** The same bytes every time, which nothing compresses. */
export function fixedBytes(length: number, seed: number): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16))
  return cipher.update(Buffer.alloc(length))
}

/** Every kind of entry, files of many chunks, a long run of zeros, and a folder with many small files. */
export function makeSource(folder: string): string {
  fs.mkdirSync(folder)
  makeOddFolder(folder)
  fs.mkdirSync(path.join(folder, 'large'))
  fs.writeFileSync(path.join(folder, 'large/random'), fixedBytes(30_000_000, 1))
  fs.writeFileSync(
    path.join(folder, 'large/text'),
    Array.from({ length: 400_000 }, (_, i) => `line ${i} of a log\n`).join(''),
  )
  fs.writeFileSync(
    path.join(folder, 'large/zeros'),
    Buffer.concat([fixedBytes(1000, 2), Buffer.alloc(9_000_000), fixedBytes(1000, 3)]),
  )
  fs.mkdirSync(path.join(folder, 'many'))
  for (let i = 0; i < 400; i++) fs.writeFileSync(path.join(folder, `many/file ${i}`), `content ${i % 300}`)
  return folder
}
