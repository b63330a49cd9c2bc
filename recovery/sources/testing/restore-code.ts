import fs from 'node:fs/promises'
import path from 'node:path'
import type { CodeFacts } from '../../../contract/manifest.ts'
import { cheapScrypt } from '../../../vault/testing/test-repository.ts'
import { createVault, openStorage, openVault } from '../../../vault/index.ts'
import { pointReader } from '../../operations/point-reader.ts'
import { pointWriter } from '../../operations/point-writer.ts'
import { beginCode, captureCode, finishCode } from '../code/index.ts'
import { quietRun, testProject } from './test-project.ts'

// node restore-code.ts capture|restore FOLDER VAULT: a program that a test can kill in the middle of a restore.
const [action, folder, place] = process.argv.slice(2) as [string, string, string]
const storage = openStorage(path.join(place, 'points'))
const factsFile = path.join(place, 'facts.json')
const run = quietRun()

if (action === 'capture') {
  const vault = await createVault(storage, { password: 'test', username: 'u', hostname: 'h', scrypt: cheapScrypt })
  await vault.withUploader({}, async uploader => {
    const project = testProject(folder, { git: { top: folder } })
    const facts = await captureCode(project, pointWriter(uploader), run)
    await fs.writeFile(factsFile, JSON.stringify(facts))
    const details = {
      time: new Date(),
      hostname: 'h',
      username: 'u',
      paths: [folder],
      tags: [],
      programVersion: 'test',
    }
    await uploader.publish(details)
  })
} else {
  const vault = await openVault(storage, { password: 'test' })
  const [snapshot] = await vault.listSnapshots()
  const facts = JSON.parse(await fs.readFile(factsFile, 'utf8')) as CodeFacts
  console.log('begins')
  // As `recover` does it: what is written down stands between the last file and the end.
  const note = path.join(place, 'restored')
  const isNoted = await fs.stat(note).catch(() => undefined)
  if (!isNoted) {
    await beginCode(facts, pointReader(vault, snapshot!, 'code', run), folder, run)
    await fs.writeFile(note, '')
  }
  await finishCode(folder)
}
