// The limit: only Express 5, one verification for each JWT and one signature. No policy, no replay protection, almost no checks.
import { randomBytes } from 'node:crypto'
import express from 'express'
import { api, clientId, issuer } from '../harness/world.mjs'
import { opaqueToken } from './opaque-tokens.mjs'
import { rawSigner, rawVerifier } from './raw-crypto.mjs'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

export function listener({ use, alg, token, keys }) {
  const verifiers = {
    'assertion=': use === 'grant' || use === 'both' ? rawVerifier(alg, keys.idp.public) : undefined,
    'client_assertion=': use === 'grant' ? undefined : rawVerifier(alg, keys.client.public),
  }
  const expected = Object.entries(verifiers).filter(([, verify]) => verify)
  const mint = token === 'opaque' ? opaqueToken : minter(token, keys.token)

  const app = express()
  app.disable('x-powered-by')
  app.post('/token', (req, res) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('end', () => {
      const body = `&${(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)).latin1Slice()}`
      const claims = expected.map(([name, verify]) => check(parameter(body, name), verify))
      const ok = claims.every((one) => one?.aud === issuer && one.exp > Date.now() / 1000)
      const json = JSON.stringify(ok ? mint(claims[0].sub) : { error: 'invalid_grant' })
      res.writeHead(ok ? 200 : 400, { 'Content-Type': 'application/json', 'Content-Length': json.length, 'Cache-Control': 'no-store' })
      res.end(json)
    })
  })
  return app
}

function parameter(body, name) {
  const start = body.indexOf(`&${name}`) + 1 + name.length
  const end = body.indexOf('&', start)
  return body.slice(start, end < 0 ? undefined : end)
}

function check(jwt, verify) {
  const signatureAt = jwt.lastIndexOf('.')
  if (!verify(jwt.slice(0, signatureAt), jwt.slice(signatureAt + 1))) return undefined
  return JSON.parse(Buffer.from(jwt.slice(jwt.indexOf('.') + 1, signatureAt), 'base64url').latin1Slice())
}

function minter(alg, jwk) {
  const sign = rawSigner(alg, jwk)
  const header = encode({ alg, typ: 'at+jwt' })
  return (sub) => {
    const iat = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, sub, aud: api, client_id: clientId, iat, exp: iat + 300, jti: randomBytes(16).toString('base64url') }
    const input = `${header}.${encode(claims)}`
    return { access_token: `${input}.${sign(input)}`, token_type: 'Bearer', expires_in: 300 }
  }
}
