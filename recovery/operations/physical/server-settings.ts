import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { ImageInspection } from '../../drivers/docker/container-engine.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * Settings of a server that runs alone on a copy of its data, to be looked at: it ships no WAL into the archive of the one
 * that it is a copy of, follows no subscription, and runs no job of a scheduler.
 */
export function aloneSettings({ databases }: Pick<DatabaseServer, 'databases'>): readonly string[] {
  const has = (name: string) =>
    databases.some(({ extensions }) => extensions.some(extension => extension.name === name))
  return [
    'archive_mode=off',
    'max_logical_replication_workers=0',
    ...(has('pg_cron') ? ['cron.launch_active_jobs=off', 'cron.host=/nonexistent'] : []),
    ...(has('timescaledb') ? ['timescaledb.max_background_workers=0'] : []),
  ]
}

/**
 * A service of a resolved model, its server started with these settings: they win over its files. Where another program than
 * the server itself is started, in a way that only its image knows, it stays as it is.
 */
export function withSettings(service: Json, settings: readonly string[], image: ImageInspection | undefined): Json {
  const command = wordsOf(service['command']) ?? (isServerImage(image) && !service['entrypoint'] ? ['postgres'] : [])
  const starts = command[0] === 'postgres' || command[0]?.startsWith('-')
  return starts ? { ...service, command: [...command, ...settings.flatMap(setting => ['-c', setting])] } : service
}

const wordsOf = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.length > 0 ? value.filter(word => typeof word === 'string') : undefined

// As the official image and those built on it say.
const isServerImage = (image: ImageInspection | undefined): boolean =>
  image?.env['PGDATA'] !== undefined && image.env['PG_MAJOR'] !== undefined
