// What each consumer does: serves a token endpoint with this copy of Express and of the package, and asks it for a token.
'use strict'
const { generateKeyPairSync, randomUUID, sign } = require('node:crypto')

const issuer = 'https://as.example.com'
const idp = 'https://idp.example.org'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
function jwt(privateKey, kid, claims) {
  const now = Math.floor(Date.now() / 1000)
  const input = `${encode({ alg: 'ES256', kid })}.${encode({ aud: issuer, exp: now + 60, iat: now, jti: randomUUID(), ...claims })}`
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
/** In their encodings: on Node 20, `export` of a generated key may wait for ever for the garbage collector. */
const newKey = () =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { format: 'jwk' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
function signer(kid) {
  const { privateKey, publicKey } = newKey()
  return { jwks: { keys: [{ ...publicKey, kid }] }, sign: (claims) => jwt(privateKey, kid, claims) }
}

/**
 * @param oauth what `express-oauth-assertions` exports
 * @param over hooks of the consumer's own
 * @returns the answers to a good request, and to the same request again
 */
module.exports = async function serve(express, oauth, over = {}) {
  const client = signer('client-key')
  const trusted = signer('idp-key')
  const events = []
  const hooks = {
    findClient: (client_id) =>
      client_id === 'app'
        ? { client_id, token_endpoint_auth_method: 'private_key_jwt', jwks: client.jwks, grant_types: [oauth.JWT_BEARER_GRANT] }
        : undefined,
    findIssuer: (iss) => (iss === idp ? { issuer: idp, jwks: trusted.jwks, clients: 'any', scope: 'read' } : undefined),
    authorizeGrant: ({ sub }) => ({ subject: sub }),
    mintToken: oauth.tokenMinter({ issuer, audience: 'https://api.example.com', key: newKey().privateKey }),
    ...over,
  }
  const onEvent = async (event) => {
    events.push(`${event.outcome} ${event.status} ${event.reason ?? ''}`.trim())
    throw new Error('an event listener that fails') // unhandled, it would end this process
  }
  const app = express()
  app.post('/token', ...oauth.tokenEndpoint({ issuer, hooks, onEvent }))
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    const form = new URLSearchParams({
      grant_type: oauth.JWT_BEARER_GRANT,
      assertion: trusted.sign({ iss: idp, sub: 'alice' }),
      client_assertion_type: oauth.JWT_BEARER_CLIENT_ASSERTION,
      client_assertion: client.sign({ iss: 'app', sub: 'app' }),
    })
    const ask = async () => {
      const answer = await fetch(`http://127.0.0.1:${server.address().port}/token`, {
        method: 'POST',
        body: form,
        headers: { connection: 'close' },
      })
      return { status: answer.status, ...(await answer.json()) }
    }
    const first = await ask()
    const [header, payload] = String(first.access_token ?? '..')
      .split('.', 2)
      .map((part) => part && JSON.parse(Buffer.from(part, 'base64url').toString()))
    const again = await ask()
    return { status: first.status, error_description: first.error_description, typ: header?.typ, sub: payload?.sub, again, events }
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}
