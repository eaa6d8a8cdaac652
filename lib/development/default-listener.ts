import { developmentDefaults } from '../host/development-defaults.js'
import type { Options } from '../host/options.js'
import type { Settings } from '../host/settings.js'
import { devLog, toStderr } from './dev-log.js'

export type Listener = Exclude<Options['onEvent'], false | undefined>

/** One for all endpoints: steps with an options object each, that share a request, write one block about it. */
const log = devLog()

/**
 * The listener of an endpoint: that of its host, or none. If the host says nothing, it is the development log, unless `NODE_ENV` says that this
 * is no development. Then nothing is ever printed. What must not go to production is named once, when the endpoint is made.
 */
export function listenerOf(settings: Settings): Listener | undefined {
  const { onEvent } = settings
  if (onEvent !== undefined) return onEvent || undefined
  const environment = process.env.NODE_ENV ?? ''
  if (environment !== '' && environment !== 'development') return undefined
  const lines = [
    ...developmentDefaults(settings),
    `refused requests are explained here, because NODE_ENV is ${environment || 'not set'}. Option onEvent replaces this log, and onEvent: false ends it.`,
  ]
  for (const line of lines) toStderr(`express-oauth-assertions: ${line}\n`)
  return log
}
