/** For which resources a token is: the `resource` parameter, the `resource` claim of a grant, and what is registered (RFC 8707 §2). */
import { isResourceUri, isSameUri } from '../host/resource-uri.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import { type Refused, refused } from './policy.js'

const mostResources = 50

/**
 * The resources of a grant. The claim bounds the parameter; without a parameter, the claim counts, narrowed to what is registered; without
 * either, the first registered resource. Each is spelt as it is registered, or else as in the claim.
 */
export function resourcePolicy({ resources }: TrustedIssuer, claim: unknown, parameter: readonly string[]): Refused | readonly string[] {
  const asserted = claim === undefined ? undefined : [claim].flat()
  if (asserted && !(asserted.length <= mostResources && asserted.every(isResourceUri)))
    return refused(
      'resource_not_allowed',
      { resource: claim },
      `an absolute URI without a fragment, or a list of 1 to ${mostResources} of them`,
    )
  const spelling = resources ?? asserted
  const registered = (uri: string) => (spelling === undefined ? uri : spelling.find((known) => isSameUri(known, uri)))

  const beyond = parameter.filter((uri) => asserted && !asserted.some((named) => isSameUri(named, uri)))
  if (beyond.length > 0) return refused('resource_not_allowed', { resource: beyond }, { resource: asserted })
  const requested = parameter.length > 0 ? parameter : asserted
  if (requested === undefined) return resources?.slice(0, 1) ?? []
  const known = requested.map(registered).filter((uri) => uri !== undefined)
  const granted = [...new Set(known)]
  if (known.length < parameter.length) return refused('target_not_allowed', { resource: parameter }, { resources })
  return granted.length > 0 ? granted : refused('resource_not_allowed', { resource: asserted }, { resources })
}
