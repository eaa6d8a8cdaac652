import type { IncomingMessage } from 'node:http'
import { decodeAssertion } from '../assertion/decode.js'
import { aPositiveInteger, checkOptionsOf, tableOf } from '../host/checks.js'
import type { TokenEndpointEvent } from '../host/event.js'
import { withoutCredentials } from '../host/evidence.js'
import type { TokenRequest, TokenState } from '../host/token-state.js'
import { draftOf } from './drafts.js'
import { delegates } from './dry-run.js'
import type { Case } from './edits.js'
import { explainCase } from './explain-request.js'
import type { ExplainOptions, HowToExplain, RequestExplanation } from './explanation.js'

const optionChecks = tableOf({ most: aPositiveInteger })

/** A refused request: its event, and what it sent without any signature or secret. */
export interface RecordedRefusal {
  /** Seconds since the epoch. */
  readonly at: number
  readonly event: TokenEndpointEvent
  /** The parameters that say what was asked, each with its values. JWTs are without their signatures. */
  readonly form: Readonly<Record<string, readonly string[]>>
}

/** The last refusals, and a listener that records them. */
export interface RefusalRecorder {
  (event: TokenEndpointEvent, req: IncomingMessage): void
  /** The recorded refusals, the latest first. */
  refusals(): readonly RecordedRefusal[]
  /** Forgets them. */
  clear(): void
  /**
   * Explains a recorded refusal with the registrations of today, at the moment of the request. Whether its signature was valid is taken from
   * the event: a JWT that was refused for another reason is taken to be signed with the registered key that its header selects. A client secret
   * is taken to be right, unless it was the reason.
   */
  explain(refusal: RecordedRefusal, options: ExplainOptions, how?: HowToExplain): Promise<RequestExplanation>
}

/** What may be kept: neither a credential nor a code. */
const kept = ['grant_type', 'scope', 'client_id', 'client_assertion_type', 'assertion', 'client_assertion']

/** Header and claims of a JWT. Anything else may be a credential as a whole, such as a SAML assertion: of that, only that it was sent. */
function withoutSignature(token: string): string {
  const parts = token.split('.', 4)
  return parts.length === 3 && parts[2] !== '' && draftOf(token) ? parts.slice(0, 2).join('.') : 'no-jwt.that-could-be-kept'
}

function formOf(request: TokenRequest | null | undefined): Record<string, readonly string[]> {
  if (!request) return {}
  const { parameters, resource, audience } = request
  const form: Record<string, readonly string[]> = {}
  for (const name of kept) {
    const value = parameters[name]
    if (value !== undefined) form[name] = [name.endsWith('assertion') ? withoutSignature(value) : withoutCredentials(value)]
  }
  for (const [name, values] of [
    ['resource', resource],
    ['audience', audience],
  ] as const)
    if (values.length > 0) form[name] = values.map(withoutCredentials)
  return form
}

/** Whether a recorded JWT can be decoded. If not, it must not be signed anew: that would mend it. */
function isWellFormed(token: string): boolean {
  try {
    decodeAssertion(`${token}.AAAA`)
    return true
  } catch {
    return false
  }
}

/** Stands for the client secret of a recorded request. */
const notKept = 'not-kept'

/** The request with a secret again, if it had one, and a hook that knows whether it was right. */
function withSecret(
  { claimed, client_id = claimed.client_id ?? '', reason }: TokenEndpointEvent,
  options: ExplainOptions,
): { form: Case['form']; authorization: string | undefined; options: ExplainOptions } {
  const method = claimed.client_auth_method
  if (method === undefined) return { form: {}, authorization: undefined, options }
  const verifyClientSecret = () => reason !== 'client_secret_mismatch'
  const isBasic = method === 'client_secret_basic'
  return {
    form: isBasic ? {} : { client_secret: [notKept] },
    authorization: isBasic ? `Basic ${Buffer.from(`${encodeURIComponent(client_id)}:${notKept}`).toString('base64')}` : undefined,
    options: { ...options, hooks: { ...delegates(options.hooks ?? {}), verifyClientSecret } },
  }
}

/** Reasons for which a signature was not valid, or nobody knows. */
const unsigned: readonly unknown[] = ['signature_invalid', 'key_not_found']

/**
 * An `onEvent` that keeps the last refusals in memory, without signatures, secrets and tokens, so that they can be explained later.
 *
 * @param most how many are kept; each takes as much as its request, which option `limits.body` bounds. @default 100
 * @throws ConfigurationError if `most` is no whole number above 0
 * @example const recorder = recordRefusals(50)
 */
export function recordRefusals(most = 100): RefusalRecorder {
  checkOptionsOf('recordRefusals', optionChecks, { most })
  const records: RecordedRefusal[] = []
  const record = (event: TokenEndpointEvent, req: IncomingMessage & { tokenState?: Partial<TokenState> }) => {
    if (event.outcome !== 'refused' && event.outcome !== 'failed') return
    records.unshift({ at: Date.now() / 1000, event, form: formOf(req.tokenState?.request) })
    records.length = Math.min(records.length, most)
  }
  return Object.assign(record, {
    refusals: () => [...records],
    clear: () => void records.splice(0),
    explain: ({ at, event, form }: RecordedRefusal, options: ExplainOptions, how: HowToExplain = {}) => {
      const secret = withSecret(event, options)
      const isSigned = !unsigned.includes(event.reason)
      const draft = (name: string) => {
        const read = draftOf(form[name]?.[0] ?? '')
        return (
          read && {
            ...read,
            sent: isWellFormed(form[name]?.[0] ?? '') ? undefined : `${form[name]?.[0]}.AAAA`,
            key: isSigned ? 'selected' : undefined,
          }
        )
      }
      const tokens = ['assertion', 'client_assertion'].filter((name) => form[name] !== undefined)
      const given: Omit<Case, 'options'> = {
        form: { ...form, ...secret.form, ...Object.fromEntries(tokens.map((name) => [name, [`${form[name]?.[0]}.AAAA`]])) },
        authorization: secret.authorization,
        assertion: draft('assertion'),
        client_assertion: draft('client_assertion'),
        client: undefined,
        issuer: undefined,
      }
      return explainCase(given, secret.options, { at, ...how })
    },
  })
}
