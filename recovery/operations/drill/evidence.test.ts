import { describe, expect, it } from 'vitest'
import { listPoints } from '../points.ts'
import { provenPoints } from '../proof.ts'
import { vaultInMemory } from '../testing/point-in-memory.ts'
import { chainFaults, nextLink } from './chain.ts'
import { evidenceFiles, evidencePage, findEvidence, listEvidence, saveEvidence } from './evidence.ts'
import { EvidenceInMemory, somePage } from './testing/evidence-in-memory.ts'
import { someReport } from './testing/some-report.ts'

const run = { signal: new AbortController().signal, clock: { now: () => new Date() }, report: () => {} }
const project = someReport().project.id

/** A vault with the evidence of so many drills. */
async function drilled(times: number): Promise<EvidenceInMemory> {
  const vault = new EvidenceInMemory()
  for (let time = 0; time < times; time++) await vault.add()
  return vault
}

describe('the evidence of drills', () => {
  it('is kept in the vault as a snapshot that is no point, signed, and read again as it was', async () => {
    const vault = await vaultInMemory()
    const report = someReport({ vault: vault.id })
    await saveEvidence(vault, report, somePage, run)
    expect(await listPoints(vault)).toEqual({ points: [], unreadable: [] })
    const all = await listEvidence(vault)
    expect(all).toMatchObject([{ report, faults: [], isCopied: false }])
    expect(chainFaults(all)).toEqual([])
    expect((await evidencePage(vault, all[0]!)).toString()).toBe(somePage)
    expect(await listEvidence(vault, 'another')).toEqual([])
  })

  it('is found by number, by id and by the beginning of one', async () => {
    const vault = await drilled(1)
    // Its id begins with the number of another one.
    await vault.add({ id: '1000000000000002' })
    const all = await listEvidence(vault)
    expect(findEvidence(all, '1')).toBe(all[0])
    for (const which of ['2', '1000000000000002', '10', all[1]!.snapshot.id.slice(0, 10), 'latest'])
      expect(findEvidence(all, which)).toBe(all[1])
    await vault.add({ id: '1000000000000003' })
    expect(() => findEvidence([...all, all[1]!], '1000')).toThrow('several drills')
    expect(() => findEvidence(all, 'ffffffffff')).toThrow('no drill')
  })

  it('is a chain in which each report names the one before it', async () => {
    const all = await listEvidence(await drilled(3), project)
    expect(all.map(({ report }) => report!.sequence)).toEqual([1, 2, 3])
    expect(all.map(({ report }) => report!.previous)).toEqual([null, all[0]!.hash, all[1]!.hash])
    expect(chainFaults(all)).toEqual([])
  })

  it('shows what is missing: in the middle, at the beginning, and at the end where this machine remembers it', async () => {
    const all = await listEvidence(await drilled(3), project)
    const without = (sequence: number) => all.filter(({ report }) => report!.sequence !== sequence)
    expect(chainFaults(without(2))).toMatchObject([{ kind: 'missing', sequence: 2 }])
    expect(chainFaults(without(1))).toMatchObject([{ kind: 'missing', sequence: 1 }])
    expect(chainFaults(without(3))).toEqual([])
    const end = { sequence: 3, hash: all[2]!.hash! }
    expect(chainFaults(without(3), end)).toMatchObject([{ kind: 'missing', sequence: 3 }])
    expect(chainFaults(all, { sequence: 3, hash: 'another' })).toMatchObject([{ kind: 'altered', sequence: 3 }])
  })

  it.each([
    [evidenceFiles.report, 'its report was altered'],
    [evidenceFiles.page, 'its page was altered'],
    [evidenceFiles.signature, 'its signature is wrong'],
  ])('shows that %s was altered', async (file, word) => {
    const lie = (bytes: Buffer) =>
      Buffer.from(
        bytes
          .toString()
          .replace('proved', 'failed')
          .replace(/re": "(.)/, (_, first: string) => `re": "${first === '0' ? '1' : '0'}`),
      )
    const vault = (await drilled(2)).copied((at, path, bytes) => (at === 1 && path === file ? lie(bytes) : bytes))
    const [fault] = chainFaults(await listEvidence(vault, project))
    expect(fault).toMatchObject({ kind: 'altered', sequence: 1 })
    expect(fault!.message).toContain(word)
  })

  it('holds also in a copy of the vault, which has another key', async () => {
    const copied = await listEvidence((await drilled(2)).copied(), project)
    expect(copied.map(({ isCopied }) => isCopied)).toEqual([true, true])
    expect(chainFaults(copied)).toEqual([])
  })

  it('shows a report that was exchanged for another one that is rightly signed', async () => {
    const vault = await drilled(1)
    await vault.add({ previous: 'ab'.repeat(32) })
    expect(chainFaults(await listEvidence(vault, project))).toMatchObject([{ kind: 'altered', sequence: 1 }])
  })

  it('lets two machines drill at the same time', async () => {
    const vault = await drilled(1)
    const link = nextLink(await listEvidence(vault, project))
    await vault.add({ ...link, hostname: 'one' })
    await vault.add({ ...link, id: 'ff'.repeat(8), hostname: 'other' })
    await vault.add()
    expect(chainFaults(await listEvidence(vault, project))).toEqual([])
  })
})

describe('proven points', () => {
  it('are those whose last drill has proved them; one that broke says nothing', async () => {
    const vault = new EvidenceInMemory()
    const { id, tree } = vault.keep({ tags: ['aidatavault', `project=${project}`] })
    const point = { ...someReport().point, id, tree }
    expect((await provenPoints(vault, project)).size).toBe(0)
    await vault.add({ point })
    await vault.add({ point, verdict: 'error' })
    expect((await provenPoints(vault, project)).get(id)).toMatchObject({ sequence: 1, recoveryMs: 18_000 })
    await vault.add({ point, verdict: 'failed' })
    expect((await provenPoints(vault, project)).size).toBe(0)
    await vault.add({ point })
    expect((await provenPoints(vault, project)).get(id)).toMatchObject({ sequence: 4 })
    const altered = vault.copied((at, path, bytes) =>
      at === 5 && path === evidenceFiles.report ? Buffer.from(`${bytes.toString()} `) : bytes,
    )
    expect((await provenPoints(altered, project)).size).toBe(0)
  })
})
