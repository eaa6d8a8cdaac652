/** Tries a case: runs the code of the endpoint on it. A JWT that was edited is signed with a stand-in for its signer's key. */
import { prepareKeySet } from '../assertion/keys/key-set.js'
import { thumbprint } from '../assertion/keys/thumbprint.js'
import { clientAssertion } from '../authenticate-client/client-assertion.js'
import { contextOf } from '../authenticate-client/find-client.js'
import type { ClientHooks } from '../authenticate-client/mechanism.js'
import { answerTo } from '../host/errors.js'
import { detailOf, evidenceOf } from '../host/evidence.js'
import type { Hooks } from '../host/hooks.js'
import type { JWK } from '../host/jwk.js'
import type { Endpoint } from '../pipeline/endpoint.js'
import { proveGrant } from '../verify-jwt-grant/prove-grant.js'
import { algOf, type Draft, kindOfAlgorithm, kindOfKey, signed, standIn } from './drafts.js'
import { dryEndpoint, dryRun, dryTransaction, type Verdict } from './dry-run.js'
import type { Case } from './edits.js'
import type { HowToExplain } from './explanation.js'
import { listedKeys } from './keys.js'
import { signerOf } from './signer.js'

type Use = 'grant' | 'client'
/** What is tried: a JWT alone, or the whole request. */
export type Extent = Use | 'request'

const secretOf = ({ client }: Case) => (typeof client?.client_secret === 'string' ? client.client_secret : undefined)
const foreignSecret = 'a secret that nobody registered, longer than the longest hash is: 64 bytes'

/** Signs an edited JWT, and the keys that its signer then has. */
async function signedAnew(use: Use, draft: Draft, subject: Case, { fetchKeys = false }: HowToExplain) {
  const isHmac = algOf(draft.header).startsWith('HS')
  if (isHmac) {
    const secret = draft.key === undefined ? foreignSecret : (secretOf(subject) ?? foreignSecret)
    return { token: await signed(draft, secret), keys: undefined }
  }
  const signer = signerOf(use, subject)
  const listed = signer ? await listedKeys(signer, fetchKeys) : []
  const own = listed.find((jwk) => draft.key !== undefined && thumbprint((jwk ?? {}) as JWK) === draft.key) as JWK | undefined
  const pair = own ? standIn('registered', kindOfKey(own)) : standIn('unregistered', kindOfAlgorithm(draft.header.alg))
  const kid = typeof draft.header.kid === 'string' ? { kid: draft.header.kid } : {}
  const added = subject.addsKeyTo === use && !own ? [{ ...pair.publicJwk, ...kid }] : []
  const { kty: _kty, crv: _crv, x: _x, y: _y, n: _n, e: _e, ...names } = own ?? {}
  const keys = [...listed.map((jwk) => (jwk === own ? { ...pair.publicJwk, ...names } : jwk)), ...added]
  return { token: await signed(draft, pair.privateKey), keys: signer && keys.length > 0 ? { signer, keys } : undefined }
}

/** A body with each value of each parameter. */
export function formEncoded(form: Readonly<Record<string, string | readonly string[]>>): string {
  const body = new URLSearchParams()
  for (const [name, values] of Object.entries(form)) for (const value of [values].flat()) body.append(name, value)
  return body.toString()
}

/** Tries a case, of which the JWT or the whole request counts. @throws whatever the options are wrong about */
export async function attempt(extent: Extent, subject: Case, how: HowToExplain): Promise<Verdict> {
  const form: Record<string, readonly string[]> = { ...subject.form }
  const keySets = new Map<object, readonly unknown[]>()
  for (const [name, use] of [
    ['assertion', 'grant'],
    ['client_assertion', 'client'],
  ] as const) {
    const draft = subject[name]
    if (!draft || draft.sent !== undefined || form[name] === undefined) continue
    const { token, keys } = await signedAnew(use, draft, subject, how)
    form[name] = [token]
    if (keys) keySets.set(keys.signer, keys.keys)
  }
  const { client, issuer } = subject
  const hooks: Partial<Hooks> = {
    findClient: (id) => (client && client.client_id === id ? client : subject.options.hooks?.findClient?.(id)),
    findIssuer: (iss) => (issuer && issuer.issuer === iss ? issuer : subject.options.hooks?.findIssuer?.(iss)),
  }
  const withKeys =
    (endpoint: Pick<Endpoint, 'findKeys'>): Endpoint['findKeys'] =>
    (registration, header) => {
      const keys = keySets.get(registration)
      return keys ? prepareKeySet({ keys }, registration.jwks_uri === undefined).find(header) : endpoint.findKeys(registration, header)
    }
  if (extent === 'request') {
    const sent = subject.raw ?? formEncoded(form)
    return dryRun({ form: sent, authorization: subject.authorization }, subject.options, how, hooks, withKeys)
  }
  return attemptJwt(extent, form, dryEndpoint(subject.options, how, hooks, undefined, withKeys).endpoint)
}

async function attemptJwt(use: Use, form: Case['form'], endpoint: Endpoint): Promise<Verdict> {
  const { transaction, done } = dryTransaction(endpoint)
  const parameters = Object.fromEntries(Object.entries(form).map(([name, [value = '']]) => [name, value]))
  const request = { grant_type: parameters.grant_type ?? '', parameters, resource: [], audience: [], authorization: undefined }
  const token = String(parameters[use === 'grant' ? 'assertion' : 'client_assertion'])
  const base = { leftToHost: false, status: 200, step: use === 'grant' ? 'verifyJwtGrant' : 'authenticateClient' }
  const { assertion, body } = endpoint.limits
  const most = use === 'grant' ? Math.max(assertion, body) : assertion // see tokenRequest: an issuer may have a limit of its own
  if (token.length > most) {
    const detail = { seen: { characters: token.length }, wanted: { at_most: most } }
    return { ...base, accepted: false, status: 400, error: 'invalid_request', reason: 'parameter_too_large', detail }
  }
  try {
    if (use === 'grant') await proveGrant(token, transaction, endpoint)
    else await clientAssertion.authenticate(contextOf(request, transaction, endpoint as Endpoint<ClientHooks>))
    return { ...base, accepted: true }
  } catch (thrown) {
    const { status, error, reason, evidence } = answerTo(thrown, use)
    const detail = detailOf(evidenceOf(evidence))
    return { ...base, accepted: false, status, error, reason, ...(detail && { detail }) }
  } finally {
    done()
  }
}
