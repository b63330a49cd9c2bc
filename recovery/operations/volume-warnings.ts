import { basename } from 'node:path/posix'
import type { VolumeFacts } from '../../contract/manifest.ts'
import type { Run } from '../domain/run.ts'
import type { Project, ProjectVolume } from '../project/project.ts'

// Stores that keep files open and write to several of them for one change.
const stores =
  /(^|[-_.])(mysql|mariadb|percona|mongo|mongodb|redis|valkey|keydb|dragonfly|clickhouse|elasticsearch|opensearch|solr|meilisearch|typesense|qdrant|weaviate|milvus|etcd|consul|vault|rabbitmq|nats|kafka|redpanda|zookeeper|cassandra|scylla|couchdb|couchbase|neo4j|influxdb|victoria-metrics|prometheus|cockroach|cockroachdb|surrealdb|mssql|azure-sql-edge|oracle|db2|minio)([-_.]|$)/

/** Tells of each volume that a running database other than PostgreSQL wrote to while it was copied; `quieted` ones did not. */
export function warnOfRunningStores(
  project: Project,
  volume: ProjectVolume,
  quieted: ReadonlySet<string>,
  run: Run,
): void {
  const mounting = volume.mounts.filter(({ readOnly }) => !readOnly).map(({ service }) => service)
  const writers = mounting.filter(service => !quieted.has(service))
  for (const { name } of project.services.filter(service => service.running && writers.includes(service.name)))
    if (isStore(project, name))
      run.report({
        kind: 'warning',
        text: `volume ${volume.key}: copied while ${name} ran, so its files may not fit together; to be sure, say services.${name}.consistency: stop (or pause) in aidatavault.yml, or label it aidatavault.consistency: stop, and a backup does so while it reads the volume`,
      })
}

function isStore({ images, services }: Project, name: string): boolean {
  const references = [
    ...images.filter(({ service }) => service === name).map(({ reference }) => reference),
    ...services
      .filter(service => service.name === name)
      .flatMap(({ containers }) => containers.map(({ image }) => image)),
  ]
  // Without registry, tag and digest.
  return references.some(reference => stores.test(basename(reference.split('@')[0]!).split(':')[0]!.toLowerCase()))
}

/** What a capture passed over. */
export function warnOfSkipped({ key, skipped }: VolumeFacts, run: Run): void {
  if (skipped.length === 0) return
  const some = skipped.slice(0, 5).join(', ') + (skipped.length > 5 ? ', …' : '')
  run.report({ kind: 'warning', text: `volume ${key}: sockets hold no data and are not in the point: ${some}` })
}
