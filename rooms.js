import path from 'node:path'

// The house, written once: each room and the rooms it may look into. A room may always look into itself.
// "recovery/*" stands for every room of recovery. A test, a conformance suite (*.test.ts, conformance.ts) may look anywhere.
export const rooms = {
  contract: [],
  vault: [],
  'recovery/domain': ['contract'],
  'recovery/drivers': ['contract', 'recovery/domain'],
  'recovery/project': ['contract', 'recovery/domain', 'recovery/drivers'],
  'recovery/sources': ['contract', 'recovery/domain', 'recovery/drivers', 'recovery/project'],
  'recovery/journal': ['contract', 'recovery/domain'],
  'recovery/operations': ['contract', 'vault', 'recovery/*'],
  cli: ['contract', 'recovery/operations', 'recovery/domain', 'recovery/journal'],
}

// The one file of each face that wires the rooms together, and the demo, which is an operation on all of them.
const wires = new Set(['cli/main.ts', 'cli/wire.ts'])
const isTest = file => /(\.test\.ts|conformance\.ts|testing\/[^/]+\.ts)$/.test(file)

/** The room that a path (relative to the top folder) lies in, or undefined outside the rooms. */
const roomOf = file => Object.keys(rooms).find(room => file === room || file.startsWith(`${room}/`))

const mayImport = (from, to) =>
  rooms[from].some(allowed => allowed === to || (allowed.endsWith('/*') && to.startsWith(allowed.slice(0, -1))))

/** ESLint rule: imports run one way, and the vault is entered through vault/index.ts alone. */
export const roomsRule = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const top = import.meta.dirname
    const file = path.relative(top, context.filename)
    const from = roomOf(file)
    const check = node => {
      const target = node.source?.value
      if (typeof target !== 'string' || !target.startsWith('.') || !from || isTest(file) || wires.has(file)) return
      const toFile = path.relative(top, path.resolve(path.dirname(context.filename), target))
      const to = roomOf(toFile)
      if (to === from) return
      if (!to) return context.report({ node, message: `${from} imports ${toFile}, which is in no room` })
      if (!mayImport(from, to)) return context.report({ node, message: `${from} must not look into ${to} (rooms.js)` })
      if (to === 'vault' && toFile !== 'vault/index.ts')
        context.report({ node, message: 'the vault has one door: vault/index.ts' })
    }
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check }
  },
}
