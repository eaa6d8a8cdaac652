/** What the tests use of oidc-provider, which has no types of its own. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  export class Provider {
    constructor(issuer: string, configuration: object)
    readonly issuer: string
    /** Trusts `X-Forwarded-Proto`. */
    proxy: boolean
    callback(): RequestListener
    registerGrantType(name: string, handler: () => void): void
  }
}
