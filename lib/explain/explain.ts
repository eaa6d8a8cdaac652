import { decodeAssertion } from '../assertion/decode.js'
import type { DecodedAssertion } from '../host/assertion.js'
import type { Client } from '../host/client.js'
import type { Awaitable } from '../host/hooks.js'
import { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT, JWT_SPIFFE_CLIENT_ASSERTION } from '../host/options.js'
import { type Settings, settingsOf } from '../host/settings.js'
import { callHook } from '../pipeline/call-hook.js'
import { demandsOfClientAssertion, demandsOfGrant, demandsOfSvid, type EndpointDemands, isSpiffeCredential } from '../rules/jwt-demands.js'
import { draftOf } from './drafts.js'
import type { Verdict } from './dry-run.js'
import type { Case } from './edits.js'
import type { About, Explanation, HowToExplain, KeyResult } from './explanation.js'
import { findFixes } from './fixes.js'
import { keyResults, listedKeys, readable, secretResult } from './keys.js'
import { areFetched, credentialOf, demandsOf, signerOf } from './signer.js'
import { attempt } from './trial.js'
import { walk } from './walk.js'

/**
 * Explains whether an endpoint takes a JWT, and what makes it pass. It runs the code of the endpoint: nothing is sent, used up or stored.
 * Keys of a `jwks_uri` are fetched only with `fetchKeys`.
 *
 * Each fix is a smallest set of edits, found by trying them. It says who makes each, and whether this server then accepts more.
 *
 * @param jwt in compact serialization. It may have expired: with `at`, it is judged at another moment
 * @throws ConfigurationError if the options are wrong
 * @example const { reason, fixes } = await explain(assertion, { use: 'grant', options, issuer })
 */
export async function explain(jwt: string, { use, options, issuer, client, ...how }: About): Promise<Explanation> {
  const form = use === 'grant' ? { grant_type: [JWT_BEARER_GRANT], assertion: [jwt] } : formOfClient(jwt, client)
  const drafts = { assertion: undefined, client_assertion: undefined, [use === 'grant' ? 'assertion' : 'client_assertion']: draftOf(jwt) }
  const settings = settingsOf('explain', { ...options, hooks: options.hooks ?? {} })
  const subject = await withSigners({
    form,
    authorization: undefined,
    ...drafts,
    client,
    issuer,
    options: { ...options, hooks: options.hooks ?? {} },
  })
  return explanation(use, subject, settings, how)
}

/** The request that such a client sends: for the token of a workload it names itself, and a JWT-SVID has a type of its own. */
function formOfClient(jwt: string, client: Client | undefined): Case['form'] {
  const credential = credentialOf({ client, client_assertion: draftOf(jwt) })
  const type = credential && isSpiffeCredential(credential) ? JWT_SPIFFE_CLIENT_ASSERTION : JWT_BEARER_CLIENT_ASSERTION
  const form = { grant_type: [CLIENT_CREDENTIALS], client_assertion: [jwt], client_assertion_type: [type] }
  return credential && client ? { ...form, client_id: [client.client_id] } : form
}

/** Asks the hooks for the client and the issuer that were not given. A hook that fails is for the check of the look-up. */
export async function withSigners(subject: Case): Promise<Case> {
  const { assertion, client_assertion, form, authorization, options } = subject
  const iss = assertion?.claims.iss
  const user = Buffer.from(/^basic +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '', 'base64')
    .toString()
    .split(':', 1)[0]
  const id = form.client_id?.[0] ?? client_assertion?.claims.sub ?? (user || undefined)
  const { hooks, hookTimeout = 3 } = options
  const issuer = subject.issuer ?? (await lookedUp(iss, hookTimeout, (name) => hooks?.findIssuer?.(name)))
  const client = subject.client ?? (await lookedUp(id ?? issuer?.client_id, hookTimeout, (name) => hooks?.findClient?.(name)))
  return { ...subject, issuer, client }
}

async function lookedUp<T extends object>(
  name: unknown,
  seconds: number,
  hook: (name: string) => Awaitable<T | null | undefined>,
): Promise<T | undefined> {
  try {
    const found = typeof name === 'string' ? await callHook('look-up', seconds, () => hook(name)) : undefined
    return typeof found === 'object' && found !== null ? found : undefined
  } catch {
    return undefined
  }
}

/** A JWT is explained as a client assertion, whatever type the request names. */
const typeOf = ({ form }: Case) =>
  form.client_assertion_type?.[0] === JWT_SPIFFE_CLIENT_ASSERTION ? JWT_SPIFFE_CLIENT_ASSERTION : JWT_BEARER_CLIENT_ASSERTION

/** The explanation of one JWT of a case. */
export async function explanation(use: 'grant' | 'client', asked: Case, settings: Settings, how: HowToExplain): Promise<Explanation> {
  const given = use === 'client' ? { ...asked, form: { ...asked.form, client_assertion_type: [typeOf(asked)] } } : asked
  const name = use === 'grant' ? 'assertion' : 'client_assertion'
  const verdict = await attempt(use, given, how)
  const jwt = decoded(given.form[name]?.[0] ?? '')
  const keys = await keysOf(use, given, how)
  const subject = withKey(given, name, keys)
  const now = how.at ?? Date.now() / 1000
  const { reason, detail } = verdict
  return {
    accepted: verdict.accepted,
    ...(reason !== undefined && { reason }),
    ...(detail && { detail }),
    checks: walk(use, jwt, endpointDemandsOf(use, given, settings), demandsOf(use, subject, settings), now, {
      reason,
      detail,
    }),
    keys,
    fixes:
      verdict.accepted || how.fixes === false
        ? []
        : await findFixes(use, { subject, verdict: verdict as Verdict, keys: { grant: keys, client: keys } }, how),
  }
}

/** The case with the name of the registered key that signed: the one that verifies it; of a JWT without signature, the one it selects. */
export function withKey(subject: Case, name: 'assertion' | 'client_assertion', keys: readonly KeyResult[]): Case {
  const draft = subject[name]
  const signing = keys.find(({ verifies, fits }) => verifies || (draft?.key === 'selected' && fits))
  if (!draft) return subject
  return { ...subject, [name]: { ...draft, key: signing && (signing.thumbprint ?? 'client_secret') } }
}

function decoded(token: string): DecodedAssertion | undefined {
  try {
    return decodeAssertion(token)
  } catch {
    return undefined
  }
}

/** What the registered keys have to do with a JWT. */
export async function keysOf(use: 'grant' | 'client', subject: Case, { fetchKeys = false }: HowToExplain): Promise<KeyResult[]> {
  const signer = signerOf(use, subject)
  const jwt = readable(subject.form[use === 'grant' ? 'assertion' : 'client_assertion']?.[0] ?? '')
  if (!signer || !jwt) return []
  const secret =
    use === 'client' && typeof subject.client?.client_secret === 'string' ? [await secretResult(jwt, subject.client.client_secret)] : []
  return [...(await keyResults(jwt, await listedKeys(signer, fetchKeys), !areFetched(signer))), ...secret]
}

function endpointDemandsOf(use: 'grant' | 'client', subject: Case, settings: Settings): EndpointDemands {
  if (use === 'grant') return demandsOfGrant(settings)
  return typeOf(subject) === JWT_SPIFFE_CLIENT_ASSERTION ? demandsOfSvid(settings) : demandsOfClientAssertion(settings)
}
