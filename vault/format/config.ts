import { encodePolynomial, parsePolynomial } from '../chunker/polynomial.ts'
import { unsupported } from './damaged.ts'
import { parseId } from './id.ts'
import { parseJson } from './json.ts'
import { JsonObject } from './json-object.ts'

/** The `config` file of a repository. */
export interface Config {
  readonly version: 1 | 2
  /** 64 hex digits, random, of no meaning. */
  readonly id: string
  /** What the chunker cuts by: irreducible, of degree 53. */
  readonly polynomial: bigint
}

const names = new Set(['version', 'id', 'chunker_polynomial'])

/** Reads the unsealed config. Rejects versions other than 1 and 2 as vault-unsupported. */
export function parseConfig(bytes: Uint8Array): Config {
  const object = new JsonObject(parseJson(bytes, 'the config'), 'the config', names)
  const version = object.uint('version')
  if (version !== 1 && version !== 2) throw unsupported(`the vault has format version ${version}; 1 and 2 can be read`)
  return {
    version,
    id: parseId(object.raw('id'), 'the repository id'),
    polynomial: parsePolynomial(object.text('chunker_polynomial')),
  }
}

export const encodeConfig = ({ version, id, polynomial }: Config): Buffer =>
  Buffer.from(`{"version":${version},"id":"${id}","chunker_polynomial":"${encodePolynomial(polynomial)}"}`)
