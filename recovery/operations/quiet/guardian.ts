/**
 * The process that lets services go on when the one that quieted them is killed. Its stdin ends when that one does, however;
 * unless the word was said before, it does what would have been left undone. Holds no secret.
 */
import { text } from 'node:stream/consumers'
import type { Run } from '../../domain/run.ts'
import { dockerCli } from '../../drivers/docker/index.ts'
import { QuietFile } from '../../journal/quiet-record.ts'
import { settleFile } from './settle-quiet.ts'

const run: Run = { signal: new AbortController().signal, clock: { now: () => new Date() }, report: () => {} }

process.stdout.on('error', () => {})
process.stdout.write('ready\n')
const said = await text(process.stdin)
const file = said.includes('done') ? undefined : await QuietFile.read(process.argv[2] ?? '')
if (file) await settleFile(file, dockerCli(), run)
