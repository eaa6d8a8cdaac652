/** Which single edits may mend a JWT that was refused, by reason. They are only tried: whether they help, the checks say. */
import type { FederatedCredential } from '../host/client.js'
import { barred, isDate, isName, maxDate, soleAudience } from '../rules/claims.js'
import type { Edit } from './explanation.js'
import {
  claim,
  draftOf,
  header,
  issuerOf,
  maxLifetime,
  nameOf,
  numberOf,
  option,
  type Proposals,
  registered,
  type Situation,
  textOf,
  time,
  tolerance,
} from './proposals.js'
import { credentialOf } from './signer.js'

/** An `aud` that is right here. */
const rightAudience = (s: Situation) => claim(s, 'aud', s.demands?.audience[0] ?? s.settings.issuer)

/** An `aud` that is right here, and what would make the sent one right. */
function audience(s: Situation): (Edit | undefined)[] {
  const { use, settings, subject, demands } = s
  const sent = soleAudience(draftOf(s)?.claims.aud)
  if (!sent) return [rightAudience(s)]
  if (use === 'grant') return [rightAudience(s), registered(s, 'audience', [...new Set([...(demands?.audience ?? []), sent])])]
  if (credentialOf(subject)) return [rightAudience(s), registered(s, 'audience', sent)]
  if (sent !== settings.issuer && settings.ownAudience.includes(sent))
    return [rightAudience(s), registered(s, 'audience', 'issuer-or-token-endpoint')]
  const mayBeUrl = /^https:\/\/[^\s#?]+$/.test(sent) && URL.canParse(sent) && settings.tokenEndpointUrl === undefined && subject.client
  return [rightAudience(s), mayBeUrl ? tokenEndpointUrl(sent) : undefined]
}

/** `aud` may as well be another server: to take its JWTs would be a mistake. */
const tokenEndpointUrl = (sent: string): Edit => ({
  ...option('tokenEndpointUrl', sent),
  text: `set the option \`tokenEndpointUrl: ${sent}\`, if that is the token endpoint of this server`,
})

/** A workload is found by `aud` and `sub`, too: both must be exactly what is registered. */
function ofWorkload(s: Situation, { subject }: FederatedCredential): (Edit | undefined)[] {
  const sub = draftOf(s)?.claims.sub
  const isRightAudience = s.demands?.audience.includes(soleAudience(draftOf(s)?.claims.aud) ?? '') ?? false
  const ofSubject = sub === subject ? [] : [claim(s, 'sub', subject), isName(sub) ? registered(s, 'subject', sub) : undefined]
  return [...(isRightAudience ? [] : audience(s)), ...ofSubject]
}

/** The same JWT, written anew. */
const rewritten = ({ use }: Situation, text: string): Edit => ({ side: 'signer', text, path: `${nameOf(use)}.sent`, weakens: false })

export const editsOfClaims: Proposals = {
  jwt_malformed: (s) => [rewritten(s, 'send one JWT in compact serialization: three parts in base64url without padding')],
  jwt_encrypted: (s) => [rewritten(s, 'send a JWT that is only signed')],
  duplicate_member: (s) => [rewritten(s, 'send each JSON member once')],
  header_too_large: (s) =>
    Object.keys(draftOf(s)?.header ?? {})
      .filter((name) => !['alg', 'typ', 'kid'].includes(name))
      .map((name) => header(s, name, undefined)),
  typ_not_allowed: (s) => [header(s, 'typ', undefined)],
  header_not_allowed: (s) => barred.filter((name) => draftOf(s)?.header[name] !== undefined).map((name) => header(s, name, undefined)),
  claim_missing: (s) => missing(s),
  claim_malformed: (s) => malformed(s),
  claim_too_large: (s) => [
    claim(s, 'jti', 'a-shorter-jti'),
    claim(s, 'sub', s.use === 'client' ? s.subject.client?.client_id : 'a-shorter-sub'),
  ],
  exp_in_ms: (s) =>
    (['exp', 'nbf', 'iat'] as const)
      .filter((name) => numberOf(draftOf(s)?.claims[name]) > maxDate)
      .map((name) => claim(s, name, Math.floor(numberOf(draftOf(s)?.claims[name]) / 1000))),
  expired: (s) => [time(s, 'exp'), tolerance(s.now - numberOf(draftOf(s)?.claims.exp))],
  not_yet_valid: (s) => [time(s, 'nbf'), tolerance(numberOf(draftOf(s)?.claims.nbf) - s.now)],
  iat_future: (s) => [time(s, 'iat'), tolerance(numberOf(draftOf(s)?.claims.iat) - s.now)],
  aud_mismatch: audience,
  aud_not_registered: audience,
  issuer_untrusted: (s) => [s.subject.issuer && claim(s, 'iss', s.subject.issuer.issuer)],
  issuer_disabled: (s) => [
    issuerOf(s).enabled === undefined ? undefined : registered(s, 'enabled', true),
    issuerOf(s).not_after ? registered(s, 'not_after', undefined) : undefined,
  ],
  client_unknown: (s) =>
    s.subject.client ? [claim(s, 'iss', s.subject.client.client_id), claim(s, 'sub', s.subject.client.client_id)] : [],
  client_identity_mismatch: (s) => {
    const credential = credentialOf(s.subject)
    if (credential) return ofWorkload(s, credential)
    const id = s.subject.client?.client_id ?? draftOf(s)?.claims.iss
    return typeof id === 'string' ? [claim(s, 'sub', id), claim(s, 'iss', id)] : []
  },
  typ_not_registered: (s) => {
    const { typ } = issuerOf(s)
    const sent = draftOf(s)?.header.typ
    return [header(s, 'typ', typ), typeof sent === 'string' && sent !== '' ? registered(s, 'typ', sent) : undefined]
  },
  claim_not_allowed: claimRule,
  x5c_not_registered: (s) => [header(s, 'x5c', undefined), registered(s, 'ignoreX5c', true)],
  jku_not_registered: (s) => [header(s, 'jku', undefined)],
  sub_missing: (s) => [
    claim(s, 'sub', s.use === 'client' ? (s.subject.client?.client_id ?? draftOf(s)?.claims.iss) : 'the-subject'),
    s.use === 'grant' ? registered(s, 'default_sub', 'iss') : undefined,
  ],
  jti_missing: (s) => [claim(s, 'jti', 'a-new-jti-for-each-jwt'), registered(s, 'requireJti', false)],
  tolerance_exceeded: (s) => [time(s, 'iat'), time(s, 'exp'), time(s, 'nbf'), registered(s, 'clockTolerance', undefined)],
  lifetime_too_long: (s) => {
    const { exp, iat } = draftOf(s)?.claims ?? {}
    const start = Math.min(s.now, Number.isFinite(numberOf(iat)) ? numberOf(iat) : s.now)
    const sensible = claim(s, 'exp', Math.floor(start + maxLifetime(s)))
    const isOld = iat !== undefined && numberOf(exp) - s.now <= maxLifetime(s) // it would pass if it was signed now
    return [sensible, isOld ? time(s, 'iat') : undefined, registered(s, 'maxLifetime', Math.ceil(numberOf(exp) - start) + 1)]
  },
}

/** A claim that is not as registered: the first value that its rule allows, or the sent value, registered. Not for members of claims. */
function claimRule(s: Situation): (Edit | undefined)[] {
  const [[name = '', seen] = []] = Object.entries((s.seen ?? {}) as Record<string, unknown>)
  const { claims = {} } = (s.use === 'grant' ? issuerOf(s) : credentialOf(s.subject)) ?? {}
  const rule = Object.hasOwn(claims ?? {}, name) ? claims?.[name] : undefined
  const allowed = Array.isArray(rule) ? rule[0] : rule
  const isValue = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)
  return [
    isValue(allowed) ? claim(s, name, allowed) : undefined,
    rule !== undefined && isValue(seen) && !name.includes('.') ? registered(s, `claims.${name}`, draftOf(s)?.claims[name]) : undefined,
  ]
}

function missing(s: Situation): Edit[] {
  const { claims } = draftOf(s) ?? { claims: {} as Record<string, unknown> }
  const edits: Edit[] = []
  if (claims.iss === undefined) edits.push(claim(s, 'iss', s.use === 'client' ? s.subject.client?.client_id : s.subject.issuer?.issuer))
  if (claims.aud === undefined) edits.push(rightAudience(s))
  if (claims.exp === undefined) edits.push(time(s, 'exp'))
  return edits.filter(({ value }) => value !== undefined)
}

function malformed(s: Situation): Edit[] {
  const { claims } = draftOf(s) ?? { claims: {} as Record<string, unknown> }
  const name = ['iss', 'sub', 'jti'].find((one) => claims[one] !== undefined && !isName(claims[one]))
  const date = (['exp', 'nbf', 'iat'] as const).find((one) => claims[one] !== undefined && !isDate(claims[one]))
  const text = name === undefined ? '' : textOf(claims[name])
  if (name === 'jti') return [claim(s, 'jti', isName(text) ? text : 'a-new-jti')]
  if (name !== undefined)
    return [
      claim(
        s,
        name,
        s.use === 'client' ? s.subject.client?.client_id : name === 'iss' ? s.subject.issuer?.issuer : isName(text) ? text : 'the-subject',
      ),
    ]
  if (date !== undefined)
    return [
      typeof claims[date] === 'string' && Number.isFinite(Number(claims[date])) ? claim(s, date, Number(claims[date])) : time(s, date),
    ]
  return [rightAudience(s)]
}
