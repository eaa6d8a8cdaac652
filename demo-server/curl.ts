import { JWT_BEARER_GRANT } from '../lib/index.js'
import type { Registry } from './registry.js'
import { signGrant } from './sign-grant.js'

/** Seconds for which the grant in the line is valid: as long as the suite lets a grant live. */
export const curlLifetime = 300

/** A line for a shell that asks for a token with a fresh grant of the partner. It works once. */
export async function curlLine({ issuer, keys, partner, findClient }: Registry): Promise<string> {
  const assertion = await signGrant(keys.partner, { iss: partner, sub: 'a.example', aud: issuer }, curlLifetime)
  const secret = findClient('reports')?.client_secret
  return `curl -u reports:${secret} -d grant_type=${JWT_BEARER_GRANT} -d assertion=${assertion} ${issuer}/token`
}
