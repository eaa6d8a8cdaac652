/** What is registered about the signer of a JWT, and what that demands. */
import { objectsOf } from '../host/check-registration.js'
import type { FederatedCredential } from '../host/client.js'
import type { SignerKeys } from '../host/jwk.js'
import type { Settings } from '../host/settings.js'
import { demandsOfClient, demandsOfIssuer, demandsOfWorkload, type SignerDemands } from '../rules/jwt-demands.js'
import type { Case } from './edits.js'

/** The workload that signed a client assertion, as the client registered it. The registration may have any mistakes. */
export function credentialOf({ client, client_assertion }: Pick<Case, 'client' | 'client_assertion'>): FederatedCredential | undefined {
  const { iss, sub } = client_assertion?.claims ?? {}
  const trustDomain = /^spiffe:\/\/[^/]+/.exec(typeof sub === 'string' ? sub : '')?.[0]
  const ofIssuer = (objectsOf(client?.federated_credentials) as FederatedCredential[]).filter(
    ({ issuer }) => typeof issuer === 'string' && issuer === (issuer.startsWith('spiffe://') ? trustDomain : iss),
  )
  return ofIssuer.find(({ subject }) => subject === sub) ?? ofIssuer[0]
}

/** The registration whose keys a JWT is verified with: that of the issuer, of the client, or of the workload of the client that signed it. */
export const signerOf = (use: 'grant' | 'client', subject: Case): SignerKeys | undefined =>
  use === 'grant' ? subject.issuer : (credentialOf(subject) ?? subject.client)

/** Whether the keys have to be fetched. */
export const areFetched = (signer: SignerKeys | undefined) => typeof signer?.jwks_uri === 'string' || signer?.discovery === true

/** Where it is registered, as the path of an edit: with the issuer, the client, or a workload of the client. */
export function ownerOf(use: 'grant' | 'client', subject: Case): string {
  const credential = use === 'client' ? credentialOf(subject) : undefined
  if (credential) return `client.federated_credentials.${subject.client?.federated_credentials?.indexOf(credential)}`
  return use === 'grant' ? 'issuer' : 'client'
}

/** What it demands of the JWT; `undefined` if the signer is not known, or its registration has mistakes. */
export function demandsOf(use: 'grant' | 'client', subject: Case, settings: Settings): SignerDemands | undefined {
  const { issuer, client } = subject
  try {
    if (use === 'grant') return issuer && demandsOfIssuer(issuer, settings)
    const credential = credentialOf(subject)
    return credential ? demandsOfWorkload(credential, settings) : client && demandsOfClient(client, settings)
  } catch {
    return undefined // a registration with mistakes
  }
}
