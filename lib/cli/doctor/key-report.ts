import { createPublicKey } from 'node:crypto'
import { algorithmsOf } from '../../assertion/keys/key-algorithms.js'
import { kindOfDocument, problemOfKey } from '../../assertion/keys/key-problems.js'
import { maxKeys } from '../../assertion/keys/key-set.js'
import { thumbprint } from '../../assertion/keys/thumbprint.js'
import type { JWK } from '../../index.js'
import { type Finding, ok, problem, warning } from './finding.js'

/** What this server would say to each key of a JWK Set document. */
export function keyReport(document: unknown): Finding[] {
  const listed = (document as { keys?: unknown } | null)?.keys
  if (!Array.isArray(listed))
    return [problem('keys', `must be a JWK Set (RFC 7517 §5), an object with a list "keys". It is ${kindOfDocument(document)}.`)]
  if (listed.length > maxKeys) return [problem('keys', `must be at most ${maxKeys}, not ${listed.length}.`)]
  const findings = listed.map(reportOf)
  const usable = listed.filter((jwk) => whyNotUsed(jwk) === undefined).length
  const total =
    usable > 0 ? ok('keys', `${usable} of ${listed.length} are usable.`) : problem('keys', `none of ${listed.length} is usable.`)
  return [total, ...findings, ...duplicates(listed)]
}

function reportOf(jwk: JWK | null, index: number): Finding {
  const topic = `key ${typeof jwk?.kid === 'string' ? JSON.stringify(jwk.kid.slice(0, 60)) : index + 1}`
  const why = whyNotUsed(jwk)
  if (jwk?.use === 'enc') return warning(topic, 'is for encryption (use: enc): it is ignored.')
  if (jwk === null || why !== undefined) {
    const isSecret = jwk?.d !== undefined || jwk?.k !== undefined
    return (isSecret ? problem : warning)(topic, `is ignored, and JWTs that it signs are refused (${why}).`)
  }
  const algs = jwk.alg === undefined || jwk.kty === 'OKP' ? algorithmsOf(jwk) : [jwk.alg]
  const text = `${[jwk.kty, jwk.crv].filter(Boolean).join(' ')} is usable for ${algs.join(', ')}; thumbprint ${thumbprint(jwk)}.`
  return jwk.kid === undefined
    ? warning(topic, `${text} It has no kid: a JWT with a kid does not find it in a fetched set.`)
    : ok(topic, text)
}

/** Why no JWT of this key is accepted. */
function whyNotUsed(jwk: JWK | null): string | undefined {
  const why = problemOfKey(jwk)
  if (why !== undefined || jwk === null) return why
  const fitting = algorithmsOf(jwk)
  if (jwk.alg !== undefined && !fitting.includes(jwk.alg)) return `alg ${jwk.alg} is not for it; it must be ${fitting.join(' or ')}`
  try {
    createPublicKey({ key: jwk as never, format: 'jwk' })
    return undefined
  } catch {
    return 'its members are not those of a key'
  }
}

/** A `kid` of several keys: each key that fits is tried. */
function duplicates(listed: readonly (JWK | null)[]): Finding[] {
  const count = new Map<string, number>()
  for (const jwk of listed) if (typeof jwk?.kid === 'string') count.set(jwk.kid, (count.get(jwk.kid) ?? 0) + 1)
  return [...count]
    .filter(([, times]) => times > 1)
    .map(([kid, times]) => warning('kid', `${JSON.stringify(kid.slice(0, 60))} is the kid of ${times} keys. Each key must have its own.`))
}
