import type { TokenEndpointEvent } from './event.js'
import { shownCause } from './evidence.js'

/** A logger with the signature of pino: fields first, then a message. */
export interface Logger {
  info(fields: object, message: string): unknown
  warn(fields: object, message: string): unknown
  error(fields: object, message: string): unknown
}

/** A meter with the signature of OpenTelemetry's. */
export interface Meter {
  createCounter(
    name: string,
    options?: { description?: string; unit?: string },
  ): { add(value: number, attributes?: Record<string, string>): void }
  createHistogram(
    name: string,
    options?: { description?: string; unit?: string; advice?: { explicitBucketBoundaries?: number[] } },
  ): { record(value: number, attributes?: Record<string, string>): void }
}

const levels = { issued: 'info', handed_on: 'info', aborted: 'info', refused: 'warn', failed: 'error' } as const

/**
 * An `onEvent` that writes one log line for each token request: issued at `info`, refused at `warn`, failed at `error`.
 * `cause` is the name and the message of an exception, without its stack and without what looks like a credential.
 *
 * @example tokenEndpoint({ issuer, hooks, onEvent: auditLog(pino()) })
 */
export function auditLog(logger: Logger): (event: TokenEndpointEvent) => void {
  return (event) => {
    const level = levels[event.outcome]
    const fields = event.cause === undefined ? event : { ...event, cause: shownCause(event.cause) }
    logger[level](fields, `token request ${event.outcome}${event.reason ? `: ${event.reason}` : ''}`)
  }
}

/** Bounds of the buckets of a histogram, in seconds: those that a meter has by default are for milliseconds. */
const advice = { explicitBucketBoundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] }

/**
 * An `onEvent` that records metrics in the style of OpenTelemetry's conventions, times in seconds:
 *
 * * `oauth.token.requests`: how many requests there were;
 * * `oauth.token.request.duration`: how long each took;
 * * `oauth.token.part.duration`: how long each step, hook and signature took, by `oauth.part`.
 *
 * The attributes of the first two are `oauth.outcome`, `oauth.step`, `oauth.client_auth_method` if it is known (of a request that your
 * handler answered: which secret it carried), and `error.type`, the reason of a request that was refused or failed. All attributes have few values, and the sender chooses none of them.
 *
 * @example tokenEndpoint({ issuer, hooks, onEvent: metrics(opentelemetry.metrics.getMeter('token-endpoint')) })
 */
export function metrics(meter: Meter): (event: TokenEndpointEvent) => void {
  const requests = meter.createCounter('oauth.token.requests', { description: 'Token requests', unit: '{request}' })
  const duration = meter.createHistogram('oauth.token.request.duration', { description: 'Duration of token requests', unit: 's', advice })
  const parts = meter.createHistogram('oauth.token.part.duration', {
    description: 'Duration of steps, hooks and signatures',
    unit: 's',
    advice,
  })
  return (event) => {
    const claimed = event.outcome === 'handed_on' ? event.claimed.client_auth_method : undefined
    const method = event.client_auth_method ?? claimed
    const attributes = {
      'oauth.outcome': event.outcome,
      'oauth.step': event.step,
      ...(method !== undefined && { 'oauth.client_auth_method': method }),
      ...(event.reason !== undefined && { 'error.type': event.reason }),
    }
    requests.add(1, attributes)
    duration.record(event.duration / 1000, attributes)
    for (const [part, milliseconds] of Object.entries(event.timings)) parts.record(milliseconds / 1000, { 'oauth.part': part })
  }
}
