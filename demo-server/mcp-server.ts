/**
 * An MCP server with one tool, as small as its clients allow: it takes tokens that are for it, and says where such tokens are issued (RFC 9728).
 */
import express, { type Router } from 'express'
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { Registry } from './registry.js'

interface Call {
  id?: number | string
  method: string
  params?: { protocolVersion?: string }
}

export function mcpServer({ issuer, mcp, keys, nameOf }: Registry): Router {
  const publicKeys = createLocalJWKSet({ keys: [keys.server.jwk] } as JSONWebKeySet)
  const challenge = `Bearer resource_metadata="${issuer}/.well-known/oauth-protected-resource/mcp"`

  const verified = async (authorization = ''): Promise<JWTPayload | undefined> => {
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization)?.[1]
    const options = { issuer, audience: mcp, typ: 'at+jwt', algorithms: ['ES256'], requiredClaims: ['sub', 'exp'] }
    return token === undefined
      ? undefined
      : await jwtVerify(token, publicKeys, options).then(
          ({ payload }) => payload,
          () => undefined,
        )
  }

  /** The result of a JSON-RPC call. */
  const resultOf = ({ method, params }: Call, { sub = '', scope }: JWTPayload): object => {
    if (method === 'initialize')
      return {
        protocolVersion: params?.protocolVersion ?? '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'demo', version: '1' },
      }
    if (method === 'tools/list') return { tools: [{ name: 'whoami', description: 'Who is asking', inputSchema: { type: 'object' } }] }
    return { content: [{ type: 'text', text: `${nameOf(sub)} (${scope})` }] }
  }

  const router = express.Router()
  router.get('/.well-known/oauth-protected-resource/mcp', (_req, res) => {
    res.json({ resource: mcp, authorization_servers: [issuer], scopes_supported: ['read'], bearer_methods_supported: ['header'] })
  })
  router.all('/mcp', express.json(), async (req, res) => {
    const access = await verified(req.headers.authorization)
    if (!access) return res.set('WWW-Authenticate', challenge).sendStatus(401)
    if (req.method !== 'POST') return res.sendStatus(405) // no stream of notifications
    const call = req.body as Call
    if (call.id === undefined) return res.sendStatus(202) // a notification
    return res.json({ jsonrpc: '2.0', id: call.id, result: resultOf(call, access) })
  })
  return router
}
