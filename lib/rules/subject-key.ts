/** What makes a subject one: `sub` is unique only within its issuer, and for issuers with tenants only within its tenant (RFC 7519 §4.1.2). */
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import { isName } from './claims.js'

type Claims = Readonly<Record<string, unknown>>

/** The claims that make a subject, besides `iss` and `sub`, which always do. */
const furtherClaims = ({ subject = [] }: TrustedIssuer) => subject.filter((name) => name !== 'iss' && name !== 'sub')

/** Those of them that a grant does not have as non-empty text. */
export const missingOfSubject = (issuer: TrustedIssuer, claims: Claims) => furtherClaims(issuer).filter((name) => !isName(claims[name]))

/** Text that only this subject has: `iss`, the further claims and `sub` as a JSON list. */
export const subjectKey = (issuer: TrustedIssuer, claims: Claims, sub: string) =>
  JSON.stringify([issuer.issuer, ...furtherClaims(issuer).map((name) => claims[name]), sub])
