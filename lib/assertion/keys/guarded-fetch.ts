import { lookup as resolveName } from 'node:dns'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet, type RequestOptions } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { refusal } from '../../host/errors.js'
import { shown } from '../../host/shown.js'

const timeout = 3000 // ms, for the whole response
/** The size of a document at most. */
export const maxBytes = 256 * 1024

/** Addresses that a registered URL must not lead to: this host, private networks, and their encodings in IPv6 (RFC 6890). */
const notPublic = { ipv4: new BlockList(), ipv6: new BlockList() } // separate: a BlockList treats every IPv4 address as in ::ffff:0:0/96
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  notPublic.ipv4.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 3], // with the next two all but 2000::/3 (global unicast): loopback, private, link-local, multicast, encodings of IPv4
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  notPublic.ipv6.addSubnet(network, prefix, 'ipv6')

/** Whether an IP address is neither private, loopback, link-local, nor otherwise special. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  return family === 4 ? !notPublic.ipv4.check(address, 'ipv4') : family === 6 && !notPublic.ipv6.check(address, 'ipv6')
}

const aPublicAddress = 'a public address, or allowPrivateJwksUri'
const blocked = (wanted: string, seen: string) => refusal('jwks_blocked', { seen: { jwks_uri: seen }, wanted })

/** For node:net, which takes only an `Error`. */
class BlockedAddress extends Error {}

/** Checks every address that a name resolves to, as part of connecting: no second resolution that could differ (DNS rebinding). */
const publicLookup: LookupFunction = (hostname, options, callback) =>
  resolveName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0)
    const bad = addresses.find(({ address }) => !isPublicAddress(address))
    const first = addresses[0]
    if (bad || !first) return callback(new BlockedAddress(`${hostname} resolves to ${bad?.address ?? 'no address'}`), '', 0)
    if (options.all) callback(null, addresses)
    else callback(null, first.address, first.family)
  })

/**
 * Parses a registered URL and checks that it may be fetched. With `allowPrivate`, http and private addresses are allowed.
 * @throws Refusal `jwks_blocked` unless it is https, without user information or fragment, and its host is not a private address
 */
export function checkKeySetUrl(url: string, allowPrivate: boolean): URL {
  if (!URL.canParse(url)) throw blocked('a URL', shown(url))
  const target = new URL(url)
  const host = target.hostname.replace(/^\[|\]$/g, '')
  if (target.protocol !== 'https:' && !(allowPrivate && target.protocol === 'http:'))
    throw blocked('an https URL, or allowPrivateJwksUri', shown(url))
  if (target.username || target.password || target.hash) throw blocked('a URL without user information and fragment', shown(url))
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw blocked(aPublicAddress, shown(url))
  return target
}

/** Why there was no response: the code and the message of Node, such as `CERT_HAS_EXPIRED`. */
const unreachable = (url: string, cause: Error & { code?: string }) => ({
  seen: { jwks_uri: url, code: cause.code, error: cause.message },
  wanted: cause instanceof BlockedAddress ? aPublicAddress : { status: 200 },
  cause,
})

export interface FetchedJson {
  readonly document: unknown
  /** Size of the response body. */
  readonly bytes: number
}

/**
 * Fetches a small JSON document from a registered URL: no redirects, at most 256 KiB, within 3 seconds.
 * @param inspect sees each response before its status is judged, for a report. It must not throw
 * @throws Refusal `jwks_blocked`, `jwks_invalid` (a response, but not such a document: a retry would not help, so it is not a 503);
 * OAuthError `jwks_unavailable` (503: no response, or a 5xx or 429)
 */
export function fetchJson(url: string, allowPrivate: boolean, inspect?: (response: IncomingMessage) => void): Promise<FetchedJson> {
  const target = checkKeySetUrl(url, allowPrivate)
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(deadline)
      request.destroy()
      reject(error)
    }
    const options: RequestOptions = {
      agent: false,
      headers: {
        accept: 'application/jwk-set+json, application/json',
        'accept-encoding': 'identity',
        'user-agent': 'express-oauth-assertions', // some firewalls refuse requests without one
      },
      ...(!allowPrivate && { lookup: publicLookup }),
    }
    const request = (target.protocol === 'https:' ? httpsGet : httpGet)(target, options, (response) => {
      inspect?.(response)
      const { statusCode = 0 } = response
      if (statusCode >= 500 || statusCode === 429)
        return fail(refusal('jwks_unavailable', { seen: { jwks_uri: url, status: statusCode }, wanted: { status: 200 } }))
      if (statusCode !== 200) return fail(refusal('jwks_invalid', { seen: { jwks_uri: url, status: statusCode }, wanted: { status: 200 } }))
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > maxBytes) fail(refusal('jwks_invalid', { seen: { jwks_uri: url, bytes: size }, wanted: { at_most: maxBytes } }))
        else chunks.push(chunk)
      })
      response.on('error', (error) => fail(refusal('jwks_unavailable', unreachable(url, error))))
      response.on('end', () => {
        clearTimeout(deadline)
        try {
          resolve({ document: JSON.parse(Buffer.concat(chunks).toString('utf8')), bytes: size })
        } catch (error) {
          reject(refusal('jwks_invalid', { seen: { jwks_uri: url, body: 'no JSON' }, wanted: 'a JWK Set as JSON', cause: error }))
        }
      })
    })
    request.on('error', (error) =>
      fail(refusal(error instanceof BlockedAddress ? 'jwks_blocked' : 'jwks_unavailable', unreachable(url, error))),
    )
    const deadline = setTimeout(
      () =>
        fail(
          refusal('jwks_unavailable', { seen: { jwks_uri: url, error: 'no complete answer' }, wanted: { within_milliseconds: timeout } }),
        ),
      timeout,
    )
  })
}
