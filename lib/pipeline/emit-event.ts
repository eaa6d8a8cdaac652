import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { VerifiedAssertion } from '../host/assertion.js'
import type { TokenEndpointEvent } from '../host/event.js'
import { detailOf, evidenceOf, type GivenEvidence, harmless, rounded } from '../host/evidence.js'
import type { Notice } from '../host/notice.js'
import type { TokenState } from '../host/token-state.js'

/** What the steps record about a request while it runs. */
export interface EventRecord {
  step: string
  /** Whether the request was counted as load. */
  isCounted: boolean
  claimed: TokenEndpointEvent['claimed']
  notices: Notice[]
  observed?: TokenEndpointEvent['observed']
  timings: Record<string, number>
  readonly startedAt: number
}

/** How a request ended. */
export type Ending = Pick<TokenEndpointEvent, 'outcome' | 'status' | 'error' | 'reason'> & { readonly evidence?: GivenEvidence | undefined }

/** Builds the event of one request from its state and record. */
export function buildEvent(
  state: Partial<TokenState>,
  record: EventRecord,
  spent: readonly string[],
  requestId: string,
  { evidence, ...how }: Ending,
): TokenEndpointEvent {
  const { client, grant, response } = state
  const given = evidence && evidenceOf(evidence)
  const audience = { ...audienceOf('client_assertion', client?.assertion), ...audienceOf('assertion', grant?.assertion) }
  const event: TokenEndpointEvent = {
    ...how,
    ...(given && { detail: detailOf(given) }),
    request_id: requestId,
    step: record.step,
    ...(client && { client_id: client.client_id, client_level: client.level, client_auth_method: client.method }),
    ...(grant && { issuer: grant.issuer.issuer, subject_hash: subjectHash(grant.subject_key) }),
    ...(Object.keys(audience).length > 0 && { audience }),
    ...(response?.scope !== undefined && { scope: response.scope }),
    ...(spent.length > 0 && { replay_keys: spent.map((key) => key.slice(0, 8)) }),
    ...(record.observed && { observed: record.observed }),
    claimed: Object.fromEntries(Object.entries(record.claimed).map(([name, value]) => [name, value && harmless(value)])),
    notices: record.notices,
    duration: rounded(performance.now() - record.startedAt),
    timings: Object.fromEntries(Object.entries(record.timings).map(([name, time]) => [name, rounded(time)])),
  }
  if (given?.cause !== undefined) Object.defineProperty(event, 'cause', { value: given.cause, enumerable: false })
  return event
}

/** Calls the listener. Its errors, thrown or rejected, do not affect the response. */
export function deliverEvent(
  listener: (event: TokenEndpointEvent, req: IncomingMessage) => unknown,
  event: TokenEndpointEvent,
  req: IncomingMessage,
): void {
  try {
    Promise.resolve(listener(event, req)).catch(() => {})
  } catch {
    // ignored
  }
}

/** Which `aud` an accepted JWT has: the checks leave a string, or a list of one. */
const audienceOf = (parameter: 'client_assertion' | 'assertion', jwt: VerifiedAssertion | undefined) =>
  jwt && { [parameter]: jwt.claims.aud as string | readonly string[] }

const subjectHash = (key: string) => hash('sha256', key, 'base64url').slice(0, 16)
