/** What may be edited, and the words for it: what `edits-of-*.ts` propose is made of these. */
import type { Reason } from '../host/errors.js'
import type { Settings } from '../host/settings.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import type { SignerDemands } from '../rules/jwt-demands.js'
import type { Case } from './edits.js'
import type { Edit, KeyResult } from './explanation.js'
import { ownerOf } from './signer.js'

/** What the proposals may look at. Times in seconds. */
export interface Situation {
  readonly use: 'grant' | 'client'
  readonly subject: Case
  readonly settings: Settings
  readonly now: number
  readonly keys: readonly KeyResult[]
  /** What the registration of the signer demands, if it is known. */
  readonly demands: SignerDemands | undefined
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
/** An edit of the registration of the signer: of the issuer, the client, or the workload. `undefined` removes the member. */
export function registered({ use, subject }: Situation, member: string, value: unknown): Edit {
  const owner = ownerOf(use, subject)
  const who = owner.includes('.') ? 'workload' : owner
  return {
    side: 'server',
    text: value === undefined ? `remove \`${member}\` of the ${who}` : `register \`${member}: ${shown(value)}\` for the ${who}`,
    path: `${owner}.${member}`,
    ...(value !== undefined && { value }),
    weakens: true,
  }
}
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

/** The longest lifetime that the signer may give a JWT. A minute if its registration is not known. */
export const maxLifetime = ({ demands }: Situation) => demands?.maxLifetime ?? 60

/** A tolerance with which a time that is off by `seconds` passes, if there may be one. */
export const tolerance = (seconds: number) => {
  const needed = Math.ceil(seconds) + 1
  return needed <= 60 ? option('clockTolerance', needed) : undefined
}

export const time = (situation: Situation, name: 'exp' | 'nbf' | 'iat') => {
  const now = Math.floor(situation.now)
  return claim(situation, name, name === 'exp' ? now + Math.min(60, maxLifetime(situation)) : now)
}
