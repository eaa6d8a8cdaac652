// What a good engineer writes in an hour: Express, express.urlencoded, jose, lru-cache. Correct for valid requests; no policy or limits.
import { randomUUID } from 'node:crypto'
import express from 'express'
import { createLocalJWKSet, decodeJwt, importJWK, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import { api, clientId, idp, issuer, JWT_CLIENT_ASSERTION, JWT_GRANT, scope } from '../harness/world.mjs'
import { opaqueToken } from './opaque-tokens.mjs'

export async function listener({ alg, token, keys }) {
  const clients = new Map([[clientId, { keys: createLocalJWKSet({ keys: [keys.client.public] }), scope }]])
  const issuers = new Map([[idp, { keys: createLocalJWKSet({ keys: [keys.idp.public] }), scope }]])
  const used = new LRUCache({ max: 300_000, ttl: 300_000 })
  const tokenKey = token === 'opaque' ? undefined : await importJWK(keys.token, token)

  const verify = async (jwt, signers) => {
    const signer = signers.get(decodeJwt(jwt).iss)
    if (!signer) throw new Error('unknown signer')
    const { payload } = await jwtVerify(jwt, signer.keys, { algorithms: [alg], audience: issuer, requiredClaims: ['iss', 'sub', 'exp'] })
    if (payload.jti !== undefined) {
      const id = `${payload.iss} ${payload.jti}`
      if (used.has(id)) throw new Error('used before')
      used.set(id, true)
    }
    return payload
  }
  const mint = async (sub, client_id) => {
    if (!tokenKey) return opaqueToken({ sub })
    const access_token = await new SignJWT({ scope, client_id })
      .setProtectedHeader({ alg: token, typ: 'at+jwt' })
      .setIssuer(issuer)
      .setSubject(sub)
      .setAudience(api)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(tokenKey)
    return { access_token, token_type: 'Bearer', expires_in: 300 }
  }

  const app = express()
  app.disable('x-powered-by')
  app.post('/token', express.urlencoded({ extended: false }), async (req, res) => {
    const { grant_type, assertion, client_assertion, client_assertion_type } = req.body ?? {}
    res.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' })
    try {
      let client
      if (client_assertion_type === JWT_CLIENT_ASSERTION) {
        client = await verify(client_assertion, clients)
        if (client.iss !== client.sub) throw new Error('not the client')
      }
      if (grant_type === JWT_GRANT) {
        const grant = await verify(assertion, issuers)
        res.json(await mint(grant.sub, client?.sub))
      } else if (grant_type === 'client_credentials' && client) {
        res.json(await mint(client.sub, client.sub))
      } else res.status(400).json({ error: 'unsupported_grant_type' })
    } catch {
      res.status(400).json({ error: 'invalid_grant' })
    }
  })
  return app
}
