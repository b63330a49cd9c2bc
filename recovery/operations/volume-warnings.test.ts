import { describe, expect, it } from 'vitest'
import { quietRun, testBind, testProject, warningsOf } from '../sources/testing/test-project.ts'
import { warnOfRunningStores, warnOfSkipped } from './volume-warnings.ts'
import { someVolume } from './testing/manifests.ts'

const warnings = (reference: string, { running = true, readOnly = false, quieted = false } = {}) => {
  const run = quietRun()
  const project = testProject('/project', {
    services: [{ name: 'store', containers: [], running, active: true }],
    images: [{ service: 'store', reference, id: null, digests: [], platform: null, builds: false }],
  })
  warnOfRunningStores(
    project,
    testBind('/data', { mounts: [{ service: 'store', target: '/d', readOnly }] }),
    new Set(quieted ? ['store'] : []),
    run,
  )
  return warningsOf(run)
}

describe('a volume of a running database', () => {
  it.each([
    'mysql:8',
    'registry:5000/a/mariadb',
    'mongo',
    'redis:7-alpine',
    'clickhouse/clickhouse-server',
    'quay.io/coreos/etcd:v3',
    'bitnami/rabbitmq@sha256:0',
    'docker.elastic.co/elasticsearch/elasticsearch:8',
  ])('is copied with a warning that names it, its service and what to do: %s', image => {
    expect(warnings(image)).toEqual([
      expect.stringMatching(/volume data: copied while store ran.*services\.store\.consistency: stop/),
    ])
  })

  it('is none where the service only reads, is stopped, was quieted, or is no database', () => {
    expect([warnings('redis', { readOnly: true }), warnings('redis', { running: false })]).toEqual([[], []])
    expect(warnings('redis', { quieted: true })).toEqual([])
    expect([warnings('nginx'), warnings('shop-server'), warnings('mongoose-app')]).toEqual([[], [], []])
  })
})

it('what a capture of a volume passed over is told', () => {
  const run = quietRun()
  warnOfSkipped(someVolume({ skipped: ['run/app.socket'] }), run)
  warnOfSkipped(someVolume({}), run)
  expect(warningsOf(run)).toEqual([expect.stringMatching(/volume uploads: .*run\/app\.socket/)])
})
