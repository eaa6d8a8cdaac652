/** What may be edited, and the words for it: what `edits-of-*.ts` propose is made of these. */
import type { Reason } from '../host/errors.js'
import type { Settings } from '../host/settings.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import type { Case } from './edits.js'
import type { Edit, KeyResult } from './explanation.js'

/** What the proposals may look at. Times in seconds. */
export interface Situation {
  readonly use: 'grant' | 'client'
  readonly subject: Case
  readonly settings: Settings
  readonly now: number
  readonly keys: readonly KeyResult[]
  /** What the refusal saw. */
  readonly seen: unknown
}
export type Proposals = Partial<Record<Reason, (situation: Situation) => readonly (Edit | undefined)[]>>

/** A claim or header as text. `String` throws for some objects that JSON can make. */
export const textOf = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
export const nameOf = (use: 'grant' | 'client') => (use === 'grant' ? 'assertion' : 'client_assertion')
export const registrationOf = (use: 'grant' | 'client') => (use === 'grant' ? 'issuer' : 'client')

/** An edit of the JWT by its signer. `undefined` removes the member. */
export const claim = ({ use }: Situation, name: string, value: unknown): Edit => ({
  side: 'signer',
  text: value === undefined ? `send no \`${name}\` claim` : `send \`${name}: ${shown(value)}\``,
  path: `${nameOf(use)}.claims.${name}`,
  ...(value !== undefined && { value }),
  weakens: false,
})
export const header = ({ use }: Situation, name: string, value: unknown): Edit => ({
  side: 'signer',
  text: value === undefined ? `send no \`${name}\` header` : `send the header \`${name}: ${shown(value)}\``,
  path: `${nameOf(use)}.header.${name}`,
  ...(value !== undefined && { value }),
  weakens: false,
})
/** An edit of the registration of the signer. */
export const registered = ({ use }: Situation, member: string, value: unknown, weakens = true): Edit => ({
  side: 'server',
  text: `register \`${member}: ${shown(value)}\` for the ${registrationOf(use)}`,
  path: `${registrationOf(use)}.${member}`,
  value,
  weakens,
})
export const option = (name: string, value: unknown, weakens = true): Edit => ({
  side: 'server',
  text: `set the option \`${name}: ${shown(value)}\``,
  path: `options.${name}`,
  value,
  weakens,
})

export const draftOf = ({ use, subject }: Situation) => subject[nameOf(use)]
export const issuerOf = ({ subject }: Situation) => (subject.issuer ?? {}) as Partial<TrustedIssuer>
export const numberOf = (value: unknown) => (typeof value === 'number' ? value : Number.NaN)

export function maxLifetime({ use, subject, settings }: Situation): number {
  return (
    (use === 'grant' ? subject.issuer?.maxLifetime : subject.client?.maxLifetime) ??
    (use === 'grant' ? 300 : settings.clientAssertions.maxLifetime)
  )
}

/** A tolerance with which a time that is off by `seconds` passes, if there may be one. */
export const tolerance = (seconds: number) => {
  const needed = Math.ceil(seconds) + 1
  return needed <= 60 ? option('clockTolerance', needed) : undefined
}

export const time = (situation: Situation, name: 'exp' | 'nbf' | 'iat') => {
  const now = Math.floor(situation.now)
  return claim(situation, name, name === 'exp' ? now + Math.min(60, maxLifetime(situation)) : now)
}
