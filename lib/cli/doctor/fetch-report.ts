import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { checkKeySetUrl, fetchJson, keySetDocument, maxBytes } from '../../assertion/keys/guarded-fetch.js'
import { isRefusal } from '../../host/errors.js'
import { evidenceOf } from '../../host/evidence.js'
import { type Finding, ok, problem, warning } from './finding.js'

export interface Fetched {
  readonly findings: readonly Finding[]
  /** Absent if it could not be fetched. */
  readonly document?: unknown
}

interface Seen {
  status: number
  headers: IncomingMessage['headers']
  tls?: { protocol: string; validTo: string }
}

/** Fetches a document as this server does, and reports how that went. */
export async function fetchReport(url: string, allowPrivate: boolean): Promise<Fetched> {
  try {
    checkKeySetUrl(url, allowPrivate)
  } catch (error) {
    return { findings: [problem('url', `${url.replace(/\/\/[^/]*@/, '//…@')} is refused: ${messageOf(error)}.`)] }
  }
  const seen: Seen[] = []
  try {
    const { document, bytes } = await fetchJson(url, allowPrivate, keySetDocument, (response) => void seen.push(seenOf(response)))
    const size = bytes > maxBytes / 4 ? warning : ok
    return { document, findings: [...transportOf(url, seen[0]), size('size', `${bytes} bytes; at most ${maxBytes} are read.`)] }
  } catch (error) {
    return { findings: [...transportOf(url, seen[0]), problem('fetch', failureOf(error, seen[0]))] }
  }
}

function seenOf({ statusCode = 0, headers, socket }: IncomingMessage): Seen {
  if (!(socket instanceof TLSSocket)) return { status: statusCode, headers }
  return { status: statusCode, headers, tls: { protocol: socket.getProtocol() ?? '', validTo: socket.getPeerCertificate().valid_to ?? '' } }
}

function transportOf(url: string, seen: Seen | undefined): Finding[] {
  const rules =
    new URL(url).protocol === 'https:'
      ? ok('url', `${url} may be fetched.`)
      : warning('url', `${url} is http: it needs allowPrivateJwksUri, for tests only.`)
  if (!seen) return [rules]
  const { headers, status, tls } = seen
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  const encoding = headers['content-encoding']
  return [
    rules,
    ...(tls ? [certificateOf(tls)] : []),
    ...(status !== 200
      ? []
      : [
          type === 'application/json' || type === 'application/jwk-set+json'
            ? ok('type', type)
            : warning(
                'type',
                `should be application/jwk-set+json or application/json, not ${type ?? 'absent'}. This server ignores it, others do not.`,
              ),
        ]),
    ...(encoding === undefined || encoding === 'identity'
      ? []
      : [problem('encoding', `must be absent: this server asks for accept-encoding: identity, and received ${encoding}.`)]),
    ...(status === 200 ? [cachingOf(headers)] : []),
  ]
}

function certificateOf({ protocol, validTo }: { protocol: string; validTo: string }): Finding {
  const days = Math.floor((Date.parse(validTo) - Date.now()) / 86_400_000)
  return (days < 14 ? warning : ok)('tls', `${protocol}, certificate trusted until ${validTo} (${days} days).`)
}

const longCaching = 86_400 // seconds in which a signer that rotates its keys would be refused elsewhere

function cachingOf(headers: IncomingMessage['headers']): Finding {
  const caching = headers['cache-control'] ?? (headers.expires ? `Expires: ${headers.expires}` : 'no caching headers')
  const maxAge = Number(/max-age=(\d+)/.exec(caching)?.[1] ?? 0)
  const rule = 'This server ignores it: it fetches keys in use again after 5 minutes, and for an unknown kid at most every 30 seconds.'
  return maxAge > longCaching
    ? warning('caching', `${caching}. ${rule} Others may keep old keys for ${Math.round(maxAge / 86_400)} days.`)
    : ok('caching', `${caching}. ${rule}`)
}

const tlsProblems: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired: renew it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed: use one of a public CA, or start Node with NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN: 'the chain ends in a CA that Node does not trust: start Node with NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the chain is incomplete: the server must send its intermediate certificates',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the chain ends in a CA that Node does not trust: start Node with NODE_EXTRA_CA_CERTS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name',
  ENOTFOUND: 'the host name does not exist',
  ECONNREFUSED: 'nothing listens there',
}

function failureOf(error: unknown, seen: Seen | undefined): string {
  const location = seen?.headers.location
  if (seen && seen.status >= 300 && seen.status < 400)
    return `answered ${seen.status}${location ? `, a redirect to ${JSON.stringify(location.slice(0, 200))}` : ''}. Redirects are not followed: register the last URL.`
  if (seen && seen.status !== 200) return `must answer 200, not ${seen.status}.`
  const code = (causeOf(error) as { code?: string } | undefined)?.code ?? ''
  const reason = isRefusal(error) ? ` (${error.reason})` : ''
  return `${tlsProblems[code] ?? messageOf(error)}${reason}.`
}

/** The exception behind a refusal. */
const causeOf = (error: unknown): unknown => (isRefusal(error) ? evidenceOf(error.evidence).cause : error)

/** What a refusal wanted, and what it saw. */
function messageOf(error: unknown): string {
  if (!isRefusal(error)) return error instanceof Error ? error.message : String(error)
  const { seen, wanted, cause } = evidenceOf(error.evidence)
  if (cause instanceof SyntaxError) return 'the body must be JSON'
  if (cause instanceof Error) return cause.message
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return `it must be ${text(wanted)}, not ${text(seen)}`
}
