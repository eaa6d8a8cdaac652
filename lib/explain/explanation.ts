/** What an explanation says: types only. */
import type { Client } from '../host/client.js'
import type { OAuthErrorCode, Reason } from '../host/errors.js'
import type { Detail, Shown } from '../host/evidence.js'
import type { Hooks } from '../host/hooks.js'
import type { Options } from '../host/options.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'

/** Options of the endpoint that is asked. Only the hooks that look something up are called; without `findClient`, no client is known. */
export type ExplainOptions = Options<Partial<Hooks>>

/** About the JWT: how it is used, and what is registered about its signer. */
export interface About {
  /** `grant`: sent as `assertion`. `client`: sent as `client_assertion`. */
  use: 'grant' | 'client'
  /** Those of the endpoint. */
  options: ExplainOptions
  /** The issuer of a grant. Without it, `options.hooks.findIssuer` is asked. */
  issuer?: TrustedIssuer
  /** The client of a client assertion. Without it, `options.hooks.findClient` is asked. */
  client?: Client
  /** Seconds since the epoch: the moment at which it was, or will be, sent. @default now */
  at?: number
  /** Fetches the keys of a registered `jwks_uri`. Without it nothing is fetched, and the checks end before the keys. @default false */
  fetchKeys?: boolean
  /** Looks for fixes. It takes up to a second. @default true */
  fixes?: boolean
}

/** How a request is explained. */
export interface HowToExplain {
  /** The `Authorization` header, if one is sent. */
  authorization?: string
  /** Seconds since the epoch: the moment at which it was, or will be, sent. @default now */
  at?: number
  /** As in `About`. @default false */
  fetchKeys?: boolean
  /** Looks for fixes. It takes up to a second. @default true */
  fixes?: boolean
}

/** One check of a JWT. */
export interface CheckResult {
  readonly reason: Reason
  /** The requirement in words. */
  readonly demands: string
  readonly state: 'passed' | 'failed' | 'not_reached'
  readonly seen?: Shown
  readonly wanted?: Shown
}

/** One registered key of the signer. */
export interface KeyResult {
  readonly kid?: string
  readonly kty?: string
  readonly crv?: string
  readonly alg?: string
  /** RFC 7638, for a public key. */
  readonly thumbprint?: string
  /** Why it cannot verify signatures. */
  readonly problem?: string
  /** Whether `alg` and `kid` of the JWT select it. */
  readonly fits: boolean
  /** Whether it verifies the signature of the JWT. */
  readonly verifies: boolean
}

/** One change. Applied with the other edits of its fix, the request passes. */
export interface Edit {
  /** Who makes it: the signer of the JWT, the sender of the request, or this server. */
  readonly side: 'signer' | 'sender' | 'server'
  /** What to do, in words. */
  readonly text: string
  /** Where: `assertion.claims.aud`, `client_assertion.header.kid`, `assertion.key`, `form.scope`, `client.grant_types`, `issuer.audience`, `options.algorithms`. */
  readonly path: string
  /**
   * The value to set; absent if the member is removed. For `.key`: the thumbprint of the registered key that must sign. A JWT, the password of a URL,
   * and a parameter that may be a credential are not shown.
   */
  readonly value?: unknown
  /** Whether this server then accepts more than before. */
  readonly weakens: boolean
}

/** A smallest set of edits with which the request passes: each was tried, with all the checks. */
export interface Fix {
  readonly edits: readonly Edit[]
  /** Whether one of the edits weakens anything. */
  readonly weakens: boolean
}

/** Whether a JWT passes, and why not. */
export interface Explanation {
  readonly accepted: boolean
  /** The reason of the first check that fails: that of the event. */
  readonly reason?: Reason
  readonly detail?: Detail
  /** Every check, in the order in which the endpoint makes them. */
  readonly checks: readonly CheckResult[]
  /** The keys that the signer registered; empty if none is known. */
  readonly keys: readonly KeyResult[]
  /** Smallest sets of edits that make it pass; those that weaken nothing come first. Empty if it passes, or if no edit of one JWT helps. */
  readonly fixes: readonly Fix[]
}

/** Whether a token request passes, and why not. */
export interface RequestExplanation {
  /** Whether a token would be issued. */
  readonly accepted: boolean
  /** Whether it is for the handler behind the suite, as with `fallthrough`. */
  readonly leftToHost: boolean
  readonly status?: number
  readonly error?: OAuthErrorCode
  readonly error_description?: string
  readonly reason?: Reason
  readonly detail?: Detail
  /** The step that answers. */
  readonly step?: string
  /** The client assertion, if one was sent. */
  readonly client?: Explanation
  /** The grant, if one was sent. */
  readonly grant?: Explanation
  readonly fixes: readonly Fix[]
}
