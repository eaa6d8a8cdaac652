/** The JWTs of a profile's clients, for tests of your own. */
import type { Profile, SampleValues, Wrong } from './profile.js'

type Values = Readonly<Record<string, unknown>>

/** A value by its name; `now+5` and `now-5` are times. */
function fillIn(name: string, values: Values): unknown {
  const [, seconds] = /^now([+-]\d+)$/.exec(name) ?? []
  return seconds === undefined ? values[name] : Number(values.now) + Number(seconds)
}

/** Fills in what starts with `$`. What has no value is left out of objects. */
export function filled(template: unknown, values: Values): unknown {
  if (typeof template === 'string') return template.startsWith('$') ? fillIn(template.slice(1), values) : template
  if (Array.isArray(template)) return template.map((one) => filled(one, values))
  if (typeof template !== 'object' || template === null) return template ?? undefined
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, filled(value, values)]))
}

/** What to change in a JWT of a test issuer or test client: the argument of `signGrant` and `signClientAssertion`. */
export interface JwtChanges {
  readonly claims: Record<string, unknown>
  readonly header: Record<string, unknown>
}

/** A JWT that the profile refuses, and how. */
export interface WrongJwt extends JwtChanges, Pick<Wrong, 'wrong' | 'error' | 'reason'> {
  /** Parameters of the token request to change. */
  readonly parameters: Record<string, string>
}

/**
 * The claims and headers of what a client of a profile sends, and of each JWT that the profile refuses. Sign them with `testIssuer` and
 * `testClient` of `express-oauth-assertions/testing`.
 *
 * @param values who sends, and to whom
 * @param now seconds since the epoch @default now
 */
export function jwtsOf(
  { sample, wrong }: Profile,
  values: SampleValues,
  now = Math.floor(Date.now() / 1000),
): { sample: JwtChanges; wrong: Record<string, WrongJwt> } {
  const fill = (template: unknown) => filled(template ?? {}, { ...values, now }) as Record<string, unknown>
  const aud = sample.aud === 'issuer' ? values.server : values.url
  const claims = { aud, iat: now, exp: now + sample.lifetime, ...fill(sample.claims) }
  const changed = ({ claims: more, header, parameters, wrong, error, reason }: Wrong): WrongJwt => ({
    claims: { ...claims, ...fill(more) },
    header: { ...sample.header, ...header },
    parameters: fill(parameters) as Record<string, string>,
    wrong,
    error,
    reason,
  })
  const ofTheSample = Object.entries(wrong).filter(([, { asClient }]) => asClient === undefined)
  return {
    sample: { claims, header: { ...sample.header } },
    wrong: Object.fromEntries(ofTheSample.map(([name, one]) => [name, changed(one)])),
  }
}
