import type { Manifest } from '../../../contract/manifest.ts'
import { createVault, MemoryStorage, type Vault } from '../../../vault/index.ts'
import { ourTag, projectTag } from '../points.ts'

/** A vault that lives as long as the test. */
export const vaultInMemory = (): Promise<Vault> =>
  createVault(new MemoryStorage(), {
    ...{ password: 'geheim', username: 'user', hostname: 'host' },
    scrypt: { N: 16, r: 1, p: 1 },
  })

/** Puts a point into a vault that holds its manifest alone; with `text`, that instead of the manifest. Returns its id. */
export const publishPoint = (vault: Vault, manifest: Manifest, text = JSON.stringify(manifest)): Promise<string> =>
  vault.withUploader({}, async uploader => {
    await uploader.saveStream(
      'manifest.json',
      (async function* () {
        yield Buffer.from(text)
      })(),
    )
    const details = { hostname: 'host', username: 'user', paths: ['/'], programVersion: 'aidatavault 0.1.0' }
    const tags = [ourTag, projectTag(manifest.project.id)]
    return (await uploader.publish({ ...details, time: new Date(manifest.takenAt), tags })).id
  })
