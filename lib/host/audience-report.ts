import { aName, aPositiveInteger, checkOptionsOf, stringOrStrings, tableOf } from './checks.js'
import type { TokenEndpointEvent } from './event.js'

/** How many JWTs of one signer had which `aud`. */
export interface AudienceCounts {
  /** The issuer identifier of this server: the only `aud` of client assertions that RFC 7523bis §4 allows. */
  issuer: number
  /** The token endpoint URL. */
  token_endpoint: number
  /** Another value, which is registered for this signer. */
  other: number
  /** How many of all these had a list with one value as `aud`. FAPI 2.0 §5.3.2.1 demands a string. */
  list: number
}

/** What `report.snapshot()` returns. */
export interface AudienceSnapshot {
  /** Seconds since the epoch: when the report was made, or emptied. */
  since: number
  /** Client assertions, by the `client_id` of the client that they authenticated. */
  clients: Record<string, AudienceCounts>
  /** Grants, by their issuer. */
  issuers: Record<string, AudienceCounts>
  /** Those of all signers in excess of `mostSigners`, together. */
  rest: { clients: AudienceCounts; issuers: AudienceCounts }
}

/** A listener that counts the `aud` of accepted JWTs, and what it counted. */
export interface AudienceReport {
  (event: TokenEndpointEvent): void
  /** A copy of the counts, as plain data. */
  snapshot(): AudienceSnapshot
  /** Empties the report. */
  clear(): void
}

/** Options of `audienceReport`. */
export interface AudienceReportOptions {
  /** The option `issuer` of the endpoint. */
  issuer: string
  /** The option `tokenEndpointUrl` of the endpoint, or every URL under which clients know it. */
  tokenEndpointUrl?: string | readonly string[]
  /** How many clients, and how many issuers, have counts of their own. @default 1000 */
  mostSigners?: number
}

const optionChecks = tableOf({ issuer: aName, tokenEndpointUrl: stringOrStrings, mostSigners: aPositiveInteger })
const zero = (): AudienceCounts => ({ issuer: 0, token_endpoint: 0, other: 0, list: 0 })

/** The counts of one use of JWTs. */
function countsOf(kindOf: (aud: string | undefined) => Exclude<keyof AudienceCounts, 'list'>, mostSigners: number) {
  const bySigner = new Map<string, AudienceCounts>()
  const rest = zero()

  const placeOf = (signer: string): AudienceCounts => {
    const place = bySigner.get(signer) ?? (bySigner.size < mostSigners ? zero() : rest)
    if (place !== rest) bySigner.set(signer, place)
    return place
  }
  return {
    add(signer: string | undefined, aud: string | readonly string[] | undefined): void {
      if (signer === undefined || aud === undefined) return
      const counts = placeOf(signer)
      const isString = typeof aud === 'string'
      counts[kindOf(isString ? aud : aud[0])] += 1
      if (!isString) counts.list += 1
    },
    bySigner: () => Object.fromEntries([...bySigner].map(([signer, counts]) => [signer, { ...counts }])),
    rest: () => ({ ...rest }),
  }
}

/**
 * An `onEvent` that counts which `aud` each client puts into its client assertions, and each issuer into its grants: see who would be refused if you
 * allowed `issuer` alone (RFC 7523bis §4). Only JWTs that were accepted are counted, also if the request was refused later. The counts are in the
 * memory of this process.
 *
 * @throws ConfigurationError naming the option, the problem and the fix
 * @example const report = audienceReport({ issuer, tokenEndpointUrl })
 * @example tokenEndpoint({ issuer, tokenEndpointUrl, hooks, onEvent: report })
 */
export function audienceReport(options: AudienceReportOptions): AudienceReport {
  checkOptionsOf('audienceReport', optionChecks, options, ['issuer'])
  const { issuer, tokenEndpointUrl = [], mostSigners = 1000 } = options
  const urls: readonly unknown[] = [tokenEndpointUrl].flat()
  const kindOf = (aud: string | undefined) => (aud === issuer ? 'issuer' : urls.includes(aud) ? 'token_endpoint' : 'other')
  const empty = () => ({ since: Date.now() / 1000, clients: countsOf(kindOf, mostSigners), issuers: countsOf(kindOf, mostSigners) })
  let counted = empty()

  const listen = ({ client_id, issuer, audience }: TokenEndpointEvent) => {
    counted.clients.add(client_id, audience?.client_assertion)
    counted.issuers.add(issuer, audience?.assertion)
  }
  return Object.assign(listen, {
    snapshot: () => {
      const { since, clients, issuers } = counted
      return { since, clients: clients.bySigner(), issuers: issuers.bySigner(), rest: { clients: clients.rest(), issuers: issuers.rest() } }
    },
    clear: () => {
      counted = empty()
    },
  })
}
