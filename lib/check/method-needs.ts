/** What a client must have registered for its method of authentication. */

import { type ClientAuthMethodName, clientAuthMethodNames, tlsClientAuthSubjects } from '../host/client.js'
import { nearest } from '../host/did-you-mean.js'
import { isAbsent } from '../host/jwk.js'
import { algorithmNames, secretAlgorithms } from '../host/options.js'
import { shown } from '../host/shown.js'
import type { Findings, Unchecked } from './findings.js'

const nothing = () => {}

/** A hash looks like a secret, and no request can match it. */
const hash = /^(?:\$(?:2[abxy]|argon2\w*|scrypt|5|6|pbkdf2[\w-]*)\$|\{?(?:sha|bcrypt|pbkdf2)[\w-]*[}:$])/i

/** Secrets may also be checked by the hook `verifyClientSecret`: then there is none here. */
function secretInPlainText({ client_secret }: Unchecked, { errors, warnings }: Findings): void {
  if (isAbsent(client_secret)) return
  if (typeof client_secret !== 'string' || client_secret === '') errors.push('Client.client_secret must be a non-empty string.')
  else if (hash.test(client_secret))
    warnings.push('Client.client_secret looks like a hash: it must be the secret itself. For hashes, write the hook verifyClientSecret.')
}

function secretOfHmac({ client_secret, token_endpoint_auth_signing_alg: alg }: Unchecked, { errors }: Findings): void {
  const algorithm = secretAlgorithms.includes(alg as string) ? (alg as string) : 'HS256'
  const least = Number(algorithm.slice(2)) / 8
  const bytes = typeof client_secret === 'string' ? Buffer.byteLength(client_secret) : 0
  if (bytes < least)
    errors.push(`Client.client_secret must be a string of at least ${least} bytes for client_secret_jwt with ${algorithm}, not ${bytes}.`)
}

function oneSubject(client: Unchecked, { errors }: Findings): void {
  const set = tlsClientAuthSubjects.filter((name) => !isAbsent(client[name]))
  const list = tlsClientAuthSubjects.map((name) => `Client.${name}`).join(', ')
  if (set.length !== 1) errors.push(`tls_client_auth needs exactly one of ${list}, not ${set.length === 0 ? 'none' : set.join(' and ')}.`)
  for (const name of set)
    if (typeof client[name] !== 'string' || client[name] === '')
      errors.push(`Client.${name} must be a non-empty string, not ${shown(client[name])}.`)
}

function algorithmOf(names: readonly string[], { token_endpoint_auth_signing_alg: alg }: Unchecked, { warnings }: Findings): void {
  if (!isAbsent(alg) && !names.includes(alg as string))
    warnings.push(`Client.token_endpoint_auth_signing_alg is ${shown(alg)}: it must be one of ${names.join(', ')}. No JWT is accepted.`)
}

/** The needs of each method but its keys. */
const needs: Readonly<Record<ClientAuthMethodName, (client: Unchecked, found: Findings) => void>> = {
  private_key_jwt: (client, found) => algorithmOf(algorithmNames, client, found),
  tls_client_auth: oneSubject,
  self_signed_tls_client_auth: nothing,
  client_secret_jwt: (client, found) => {
    secretOfHmac(client, found)
    algorithmOf(secretAlgorithms, client, found)
  },
  client_secret_basic: secretInPlainText,
  client_secret_post: secretInPlainText,
  none: nothing,
}

const isKnown = (method: unknown): method is ClientAuthMethodName => (clientAuthMethodNames as readonly unknown[]).includes(method)

/** Finds what the method lacks. @param member where it is registered */
export function findMethodProblems(member: string, method: string, client: Unchecked, found: Findings): void {
  if (isKnown(method)) needs[method](client, found)
  else found.warnings.push(`Client.${member} is ${shown(method)}, which is no method of this package: ${suggestionFor(method)}`)
}

function suggestionFor(method: string): string {
  const similar = nearest(method, clientAuthMethodNames)
  return similar === undefined ? `it must be one of ${clientAuthMethodNames.join(', ')}.` : `did you mean ${similar}?`
}
