import type { TokenEndpointEvent } from '../../lib/index.js'

/** Without the events of requests that carry a secret and were left to the host from the start: they only say who still uses one. */
export const withoutHandedOn = <E extends { outcome: TokenEndpointEvent['outcome']; client_id?: string | undefined }>(
  events: readonly E[],
): E[] => events.filter(({ outcome, client_id }) => outcome !== 'handed_on' || client_id !== undefined)
