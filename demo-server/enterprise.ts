/**
 * The identity provider of an enterprise: the second authorization server of the demo. It knows who is signed in, and exchanges an ID token for an
 * ID-JAG (RFC 8693; draft-ietf-oauth-identity-assertion-authz-grant §4.3). In real life it is another server, such as Okta or Keycloak.
 */
import express, { type Router } from 'express'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
import { type Registry, secondsFromNow } from './registry.js'

const idToken = 'urn:ietf:params:oauth:token-type:id_token'
const idJag = 'urn:ietf:params:oauth:token-type:id-jag'
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** The claims of the ID-JAG that the identity provider makes, for a spoiled one to change. */
export type IdJagClaims = Record<string, unknown>

/** Serves its metadata, its keys and its token endpoint. */
export function enterpriseIdp(registry: Registry): Router {
  const { enterprise, keys, issuer } = registry
  const publicKeys = createLocalJWKSet({ keys: [keys.enterprise.jwk] } as JSONWebKeySet)
  const metadata = {
    issuer: enterprise,
    authorization_endpoint: `${enterprise}/authorize`,
    token_endpoint: `${enterprise}/token`,
    jwks_uri: `${enterprise}/jwks`,
    response_types_supported: ['code'],
    grant_types_supported: [tokenExchange],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  }

  const router = express.Router()
  router.get('/.well-known/oauth-authorization-server/enterprise', (_req, res) => void res.json(metadata))
  router.get('/enterprise/jwks', (_req, res) => void res.json({ keys: [keys.enterprise.jwk] }))
  router.post('/enterprise/token', express.urlencoded({ extended: false }), async (req, res) => {
    const { grant_type, requested_token_type, subject_token, subject_token_type, audience, resource, scope, client_id, client_secret } =
      req.body
    const agent = registry.agentAtIdp
    if (client_id !== agent.client_id || client_secret !== agent.client_secret) return res.status(401).json({ error: 'invalid_client' })
    if (grant_type !== tokenExchange || requested_token_type !== idJag || subject_token_type !== idToken)
      return res.status(400).json({ error: 'invalid_request' })
    if (audience !== issuer) return res.status(400).json({ error: 'invalid_target' }) // the servers that the enterprise has approved
    const options = { issuer: enterprise, audience: agent.client_id, requiredClaims: ['sub', 'exp'] }
    const user = await jwtVerify(subject_token, publicKeys, options).catch(() => undefined)
    if (!user) return res.status(400).json({ error: 'invalid_grant' })
    const access_token = await signIdJag(registry, { sub: user.payload.sub, resource, scope })
    return res.json({ access_token, issued_token_type: idJag, token_type: 'N_A', expires_in: 300, scope })
  })
  return router
}

/** What the user's sign-in at the identity provider has left with the client. */
export const signIdToken = ({ enterprise, keys, agentAtIdp }: Registry, sub: string) =>
  new SignJWT({ iss: enterprise, sub, aud: agentAtIdp.client_id, exp: secondsFromNow(300) })
    .setProtectedHeader({ alg: 'ES256', kid: keys.enterprise.kid })
    .sign(keys.enterprise.privateKey)

/** An ID-JAG for the agent. @param header and claims to change, for a spoiled one */
export function signIdJag(
  { enterprise, issuer, keys }: Registry,
  claims: IdJagClaims,
  header: Record<string, unknown> = {},
): Promise<string> {
  const all = {
    iss: enterprise,
    aud: issuer,
    client_id: 'agent',
    jti: crypto.randomUUID(),
    iat: secondsFromNow(0),
    exp: secondsFromNow(300),
    ...claims,
  }
  return new SignJWT(all)
    .setProtectedHeader({ alg: 'ES256', kid: keys.enterprise.kid, typ: 'oauth-id-jag+jwt', ...header })
    .sign(keys.enterprise.privateKey)
}
