import type { TokenEndpointEvent } from './event.js'

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
    options?: { description?: string; unit?: string },
  ): { record(value: number, attributes?: Record<string, string>): void }
}

const levels = { issued: 'info', handed_on: 'info', aborted: 'info', refused: 'warn', failed: 'error' } as const

/**
 * An `onEvent` that writes one log line for each token request: issued at `info`, refused at `warn`, failed at `error`.
 *
 * @example tokenEndpoint({ issuer, hooks, onEvent: auditLog(pino()) })
 */
export function auditLog(logger: Logger): (event: TokenEndpointEvent) => void {
  return (event) => {
    const level = levels[event.outcome]
    logger[level](event, `token request ${event.outcome}${event.reason ? `: ${event.reason}` : ''}`)
  }
}

/**
 * An `onEvent` that counts token requests (`oauth.token.requests`) and records their duration in milliseconds (`oauth.token.duration`) by
 * outcome, reason, step and client authentication method, and the duration of each part (`oauth.token.part.duration`). All attributes have
 * few values, none of them chosen by the sender.
 *
 * @example tokenEndpoint({ issuer, hooks, onEvent: metrics(opentelemetry.metrics.getMeter('token-endpoint')) })
 */
export function metrics(meter: Meter): (event: TokenEndpointEvent) => void {
  const requests = meter.createCounter('oauth.token.requests', { description: 'Token requests' })
  const duration = meter.createHistogram('oauth.token.duration', { description: 'Duration of token requests', unit: 'ms' })
  const parts = meter.createHistogram('oauth.token.part.duration', { description: 'Duration of steps, hooks and signatures', unit: 'ms' })
  return ({ outcome, step, reason = 'none', client_auth_method = 'none', duration: milliseconds, timings }) => {
    const attributes = { outcome, step, reason, client_auth_method }
    requests.add(1, attributes)
    duration.record(milliseconds, attributes)
    for (const [part, took] of Object.entries(timings)) parts.record(took, { part })
  }
}
