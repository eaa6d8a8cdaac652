import { maxNameLength } from '../rules/claims.js'
import { refused } from './refused.js'

const authority = /^https?:\/\/([^/?#]*)/i
const isDotSegment = (segment: string) => ['.', '..'].includes(segment.replace(/%2e/gi, '.'))

/** What a Client Identifier URL must be (draft-ietf-oauth-client-id-metadata-document §3). */
const rules: readonly (readonly [wanted: string, holds: (url: string) => boolean])[] = [
  [
    `printable ASCII of at most ${maxNameLength} characters, without spaces and backslashes`,
    (url) => url.length <= maxNameLength && /^[\x21-\x5b\x5d-\x7e]+$/.test(url),
  ],
  ['a URL without a fragment', (url) => !url.includes('#')],
  ['a URL without user information', (url) => !authority.exec(url)?.[1]?.includes('@')],
  ['a URL with a host and a path', (url) => /^https?:\/\/[^/?]+\//.test(url)],
  ['a path without . and .. as a segment', (url) => !url.split('?', 1)[0]?.split('/').some(isDotSegment)],
  ['a URL', (url) => URL.canParse(url)],
]

/**
 * The URL at which a client publishes its metadata.
 * @returns `undefined` if the `client_id` does not look like a URL: nothing is published about it
 * @throws OAuthError `client_id_malformed`
 */
export function clientUrlOf(client_id: string, allowPrivate: boolean): URL | undefined {
  if (typeof client_id !== 'string' || !/^https?:\/\//i.test(client_id)) return undefined
  const malformed = (wanted: string) => refused('client_id_malformed', { seen: { client_id }, wanted })
  if (!client_id.startsWith('https://') && !(allowPrivate && client_id.startsWith('http://')))
    throw malformed('a URL that starts with https://')
  const broken = rules.find(([, holds]) => !holds(client_id))
  if (broken) throw malformed(broken[0])
  return new URL(client_id)
}
