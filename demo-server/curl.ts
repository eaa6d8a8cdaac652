import { JWT_BEARER_GRANT } from '../lib/index.js'
import type { Registry } from './registry.js'
import { signGrant } from './sign-grant.js'

/** Lifetime of the grant in seconds: the longest that the suite allows by default. */
export const curlLifetime = 300

/** A curl command that requests a token with a new grant of the partner. It works once. */
export async function curlLine({ issuer, keys, partner, findClient }: Registry): Promise<string> {
  const assertion = await signGrant(keys.partner, { iss: partner, sub: 'a.example', aud: issuer }, curlLifetime)
  const secret = findClient('reports')?.client_secret
  return `curl -u reports:${secret} -d grant_type=${JWT_BEARER_GRANT} -d assertion=${assertion} ${issuer}/token`
}
