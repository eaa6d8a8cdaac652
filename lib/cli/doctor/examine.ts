import { discoveryUrls } from '../../assertion/keys/discovery.js'
import { UsageError } from '../io.js'
import { fetchReport } from './fetch-report.js'
import { type Finding, ok, problem, warning } from './finding.js'
import { keyReport } from './key-report.js'

/** What was found at one URL, in the order in which this server would find it. */
export interface Examination {
  readonly kind: 'jwks_uri' | 'issuer'
  readonly findings: readonly Finding[]
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Examines a `jwks_uri`, or the issuer that leads to one. */
export async function examine(url: string, allowPrivate: boolean, as?: 'jwks_uri' | 'issuer'): Promise<Examination> {
  const isBare = URL.canParse(url) && new URL(url).pathname === '/'
  if (as === 'issuer' || (as === undefined && isBare)) return await examineIssuer(url, allowPrivate)
  const { findings, document } = await fetchReport(url, allowPrivate)
  const isKeySet = isObject(document) && 'keys' in document
  const isRefused = findings.some(({ topic, state }) => topic === 'url' && state === 'problem')
  if (as === undefined && !isKeySet && !isRefused) {
    const byIssuer = await examineIssuer(url, allowPrivate)
    if (byIssuer.findings.some(({ topic, state }) => topic === 'issuer' && state === 'ok')) return byIssuer
  }
  return { kind: 'jwks_uri', findings: [...findings, ...(document === undefined ? [] : keyReport(document))] }
}

async function examineIssuer(issuer: string, allowPrivate: boolean): Promise<Examination> {
  if (!URL.canParse(issuer)) return { kind: 'issuer', findings: [problem('url', `${issuer} must be a URL.`)] }
  const { username, password } = new URL(issuer)
  if (username || password) return { kind: 'issuer', findings: [problem('url', 'an issuer must be a URL without user information.')] }
  const tried: Finding[] = []
  for (const url of discoveryUrls(issuer)) {
    const { findings, document } = await fetchReport(url, allowPrivate)
    if (isObject(document)) return { kind: 'issuer', findings: [...findings, ...(await fromDocument(document, issuer, allowPrivate))] }
    tried.push(...findings.filter(({ state }) => state === 'problem').map(({ text }) => warning('discovery', `${url} ${text}`)))
  }
  return { kind: 'issuer', findings: [...tried, problem('discovery', 'there is no discovery document: examine the jwks_uri instead.')] }
}

async function fromDocument(document: Record<string, unknown>, issuer: string, allowPrivate: boolean): Promise<Finding[]> {
  const { issuer: named, jwks_uri } = document
  const name =
    named === issuer
      ? ok('issuer', `${issuer} is what the document says, character by character.`)
      : problem(
          'issuer',
          `the document says ${JSON.stringify(named)}, not ${JSON.stringify(issuer)}. Register the issuer exactly as its JWTs name it.`,
        )
  if (typeof jwks_uri !== 'string') return [name, problem('jwks_uri', 'the document must have a jwks_uri.')]
  const { findings, document: keySet } = await fetchReport(jwks_uri, allowPrivate)
  return [name, ok('jwks_uri', jwks_uri), ...findings, ...(keySet === undefined ? [] : keyReport(keySet))]
}

/**
 * The issuer identifier of the server of a token endpoint: what its discovery document says, or the origin. It must be of the same origin:
 * a server could name another one, and send there the JWTs that it gets (RFC 8414 §3.3).
 * @throws UsageError
 */
export async function serverOf(tokenEndpoint: string): Promise<string> {
  const { origin } = new URL(tokenEndpoint)
  for (const url of discoveryUrls(origin).reverse()) {
    const { document } = await fetchReport(url, true)
    if (!isObject(document) || typeof document.issuer !== 'string') continue
    const { issuer } = document
    if (URL.canParse(issuer) && new URL(issuer).origin === origin) return issuer
    throw new UsageError(`The issuer of ${url} must be of its origin. If you trust another one, name it with --audience.`)
  }
  return origin
}
