import type { TokenEndpointEvent } from '../host/event.js'

/** An `onEvent` that keeps every event. */
export interface RecordedEvents {
  (event: TokenEndpointEvent): void
  /** All events since the start, or since `clear()`. */
  readonly events: readonly TokenEndpointEvent[]
  /** The last event, if there is one. */
  readonly last: TokenEndpointEvent | undefined
  clear(): void
}

/**
 * Makes an `onEvent` that keeps every event.
 * @example const onEvent = recordEvents()
 *   app.post('/token', ...tokenEndpoint({ issuer, hooks, onEvent }))
 *   expect(onEvent.last?.reason).toBe('expired')
 */
export function recordEvents(): RecordedEvents {
  const events: TokenEndpointEvent[] = []
  const onEvent = (event: TokenEndpointEvent) => void events.push(event)
  return Object.defineProperties(onEvent, {
    events: { value: events },
    last: { get: () => events.at(-1) },
    clear: { value: () => void events.splice(0) },
  }) as RecordedEvents
}
