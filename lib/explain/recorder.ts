import type { IncomingMessage } from 'node:http'
import type { TokenEndpointEvent } from '../host/event.js'
import type { TokenRequest, TokenState } from '../host/token-state.js'
import { draftOf } from './drafts.js'
import type { Case } from './edits.js'
import { explainCase } from './explain-request.js'
import type { ExplainOptions, HowToExplain, RequestExplanation } from './explanation.js'

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
   * the event: a JWT that was refused for another reason is taken to be signed with the registered key that its header selects.
   */
  explain(refusal: RecordedRefusal, options: ExplainOptions, how?: HowToExplain): Promise<RequestExplanation>
}

/** What may be kept: neither a credential nor a code. */
const kept = ['grant_type', 'scope', 'client_id', 'client_assertion_type', 'assertion', 'client_assertion']
const withoutSignature = (token: string) => token.split('.').slice(0, 2).join('.')

function formOf(request: TokenRequest | null | undefined): Record<string, readonly string[]> {
  if (!request) return {}
  const { parameters, resource, audience } = request
  const form: Record<string, readonly string[]> = {}
  for (const name of kept) {
    const value = parameters[name]
    if (value !== undefined) form[name] = [name.endsWith('assertion') ? withoutSignature(value) : value]
  }
  return { ...form, ...(resource.length > 0 && { resource }), ...(audience.length > 0 && { audience }) }
}

/** Reasons for which a signature was not valid, or nobody knows. */
const unsigned: readonly unknown[] = ['signature_invalid', 'key_not_found']

/**
 * An `onEvent` that keeps the last refusals in memory, without signatures, secrets and tokens, so that they can be explained later.
 *
 * @param most how many are kept; each takes up to 20 KiB. @default 100
 * @example const recorder = recordRefusals(50)
 */
export function recordRefusals(most = 100): RefusalRecorder {
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
      const isSigned = !unsigned.includes(event.reason)
      const draft = (name: string) => {
        const read = draftOf(form[name]?.[0] ?? '')
        return read && { ...read, sent: undefined, key: isSigned ? 'selected' : undefined }
      }
      const tokens = ['assertion', 'client_assertion'].filter((name) => form[name] !== undefined)
      const given: Omit<Case, 'options'> = {
        form: { ...form, ...Object.fromEntries(tokens.map((name) => [name, [`${form[name]?.[0]}.AAAA`]])) },
        authorization: undefined,
        assertion: draft('assertion'),
        client_assertion: draft('client_assertion'),
        client: undefined,
        issuer: undefined,
      }
      return explainCase(given, options, { at, ...how })
    },
  })
}
