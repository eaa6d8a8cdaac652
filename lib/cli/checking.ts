/** The checks of options and registrations, as `check` reports them. The only file of the command that knows where they are. */
import { checkOptions as assertOptions } from '../host/check-options.js'
import { checkClient as assertClient, checkTrustedIssuer as assertTrustedIssuer } from '../host/check-registration.js'
import { ConfigurationError } from '../index.js'

export interface Findings {
  errors: string[]
  warnings: string[]
}

function findingsOf(check: () => void): Findings {
  try {
    check()
    return { errors: [], warnings: [] }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return { errors: [error.message], warnings: [] }
  }
}

export const checkOptions = (options: object) => findingsOf(() => assertOptions('tokenEndpoint', options))
export const checkClient = (client: object) => findingsOf(() => assertClient(client as never))
export const checkTrustedIssuer = (issuer: object) => findingsOf(() => assertTrustedIssuer(issuer as never))
