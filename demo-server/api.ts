import type { RequestHandler } from 'express'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import type { LegacyAccess } from './legacy.js'
import type { Registry } from './registry.js'

/** GET /api/me: the owner of the token. Accepts the tokens of the old server, and the `at+jwt` ones (RFC 9068) that the suite mints. */
export function me({ issuer, keys, nameOf }: Registry, findLegacyToken: (token: string) => LegacyAccess | undefined): RequestHandler {
  const publicKeys = createLocalJWKSet({ keys: [keys.server.jwk] } as JSONWebKeySet)

  async function accessOf(token: string) {
    const legacy = findLegacyToken(token)
    if (legacy) return legacy
    try {
      const { payload } = await jwtVerify(token, publicKeys, {
        issuer,
        audience: `${issuer}/api`,
        typ: 'at+jwt',
        algorithms: ['ES256'],
        requiredClaims: ['sub', 'exp'],
      })
      return { subject: payload.sub as string, client_id: payload.client_id, scope: String(payload.scope ?? '') }
    } catch {
      return undefined
    }
  }

  return async (req, res) => {
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(req.headers.authorization ?? '')?.[1]
    const access = token === undefined ? undefined : await accessOf(token)
    if (!access) {
      res.set('WWW-Authenticate', token === undefined ? 'Bearer' : 'Bearer error="invalid_token"').sendStatus(401)
    } else if (!access.scope.split(' ').includes('read')) {
      res.set('WWW-Authenticate', 'Bearer error="insufficient_scope", scope="read"').sendStatus(403)
    } else {
      const { subject: sub, client_id, scope } = access
      res.json({ sub, name: nameOf(sub), ...(client_id !== undefined && { client_id }), scope })
    }
  }
}
