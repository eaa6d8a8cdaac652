import { clientMembers, objectsOf, reportClient } from '../host/check-registration.js'
import { nearMiss } from '../host/did-you-mean.js'
import { isAbsent } from '../host/jwk.js'
import { grantTypeNames } from '../host/options.js'
import { shown } from '../host/shown.js'
import { type Findings, findingsOf, onlyWarnings, type Unchecked } from './findings.js'
import { findKeyProblems, findUnfitAlgorithms } from './keys.js'
import { findMethodProblems } from './method-needs.js'

/** What makes a client useless without being a mistake: a warning for each that applies. */
const warningsOf: readonly ((client: Unchecked) => string | undefined | false)[] = [
  ({ enabled }) => enabled !== undefined && enabled !== true && `Client.enabled is ${shown(enabled)}: the client is refused.`,
  ({ client_secret_expires_at: end }) => isPast(end) && 'Client.client_secret_expires_at has passed: the secret is refused.',
  ({ previous_auth_method_expires_at: end }) =>
    isPast(end) && 'Client.previous_auth_method_expires_at has passed: the previous method is refused.',
  ({ dpop_bound_access_tokens: isBound }) =>
    Boolean(isBound) && 'Client.dpop_bound_access_tokens is set: the client is refused, since no DPoP proof is accepted here.',
  ({ token_endpoint_auth_method: method, jwks, jwks_uri, client_secret }) =>
    isAbsent(method) &&
    isAbsent(client_secret) &&
    !(isAbsent(jwks) && isAbsent(jwks_uri)) &&
    'Client.token_endpoint_auth_method is not set: it is client_secret_basic, which needs no keys. Set it to private_key_jwt.',
]
/** 0 means never. */
const isPast = (moment: unknown) => typeof moment === 'number' && moment !== 0 && moment <= Date.now() / 1000

/**
 * Says what is wrong with a client, before a request does: every mistake, not only the first. You may add members of your own: only those whose
 * names are close to a known one are a warning. It never throws, whatever it gets, and fetches nothing.
 *
 * @example const { errors, warnings } = checkClient(client)
 */
export function checkClient(client: unknown): Findings {
  return findingsOf('Client', client, (given, found) => {
    const { client_id } = given
    if (typeof client_id !== 'string' || !/^[\x20-\x7e]{1,1024}$/.test(client_id))
      found.errors.push(`Client.client_id must be 1 to 1024 characters of printable ASCII, not ${shown(client_id)}.`)
    reportClient(given, (problem) => found.errors.push(problem))
    findGrantProblems(given, found)
    findCredentialProblems(given, found)
    for (const warningOf of warningsOf) {
      const warning = warningOf(given)
      if (warning) found.warnings.push(warning)
    }
    for (const name of Object.keys(given)) {
      const meant = clientMembers.includes(name) ? undefined : nearMiss(name, clientMembers)
      if (meant !== undefined) found.warnings.push(`Client.${name} is no member of this package and is ignored: did you mean ${meant}?`)
    }
  })
}

function findGrantProblems({ grant_types: grants }: Unchecked, { errors, warnings }: Findings): void {
  const ours = `List ${grantTypeNames.join(' or ')}.`
  if (isAbsent(grants))
    warnings.push(`Client.grant_types is not set: it is ['authorization_code'], so the client gets no token of this package. ${ours}`)
  else if (!Array.isArray(grants)) errors.push(`Client.grant_types must be a list of strings, not ${shown(grants)}.`)
  else if (!grants.some((grant) => (grantTypeNames as readonly unknown[]).includes(grant)))
    warnings.push(`Client.grant_types is ${shown(grants)}, so the client gets no token of this package. ${ours}`)
}

const methodsWithKeys: readonly unknown[] = ['private_key_jwt', 'self_signed_tls_client_auth']

/** The credentials of its methods, the previous one included; and of the workloads that authenticate it. */
function findCredentialProblems(client: Unchecked, found: Findings): void {
  const {
    token_endpoint_auth_method: registered,
    previous_auth_method: previous,
    jwks,
    jwks_uri,
    token_endpoint_auth_signing_alg: alg,
  } = client
  const method = registered ?? 'client_secret_basic'
  if (typeof method === 'string') findMethodProblems('token_endpoint_auth_method', method, client, found)
  if (typeof previous === 'string' && previous !== method) findMethodProblems('previous_auth_method', previous, client, found)

  const workloads = objectsOf(client.federated_credentials) as Unchecked[]
  const hasKeys = !isAbsent(jwks) || !isAbsent(jwks_uri)
  const needsKeys = [method, previous].some((one) => methodsWithKeys.includes(one))
  if (hasKeys || (needsKeys && workloads.length === 0)) {
    const keys = findKeyProblems('Client.', client, needsKeys ? found : onlyWarnings(found))
    if (needsKeys && typeof alg === 'string' && !alg.startsWith('HS'))
      findUnfitAlgorithms('Client.token_endpoint_auth_signing_alg', [alg], keys, found)
  }
  workloads.forEach((workload, index) => void findKeyProblems(`Client.federated_credentials[${index}].`, workload, found, true))
}
