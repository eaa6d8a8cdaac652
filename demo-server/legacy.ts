/**
 * The old server: authorization_code and refresh_token with opaque tokens, clients with a secret. It knows nothing of JWTs; its only new
 * line accepts a client that is already authenticated.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import express, { type Request, type RequestHandler, type Response } from 'express'
import type { DemoClient, Registry } from './registry.js'

/** The data of an opaque token. */
export interface LegacyAccess {
  subject: string
  client_id: string
  scope: string
}
interface Code extends LegacyAccess {
  redirect_uri: string
  code_challenge: string
}

const lifetimes = { code: 60, access: 600, refresh: 86_400 } // seconds

export function legacyServer({ issuer, findClient, signedIn }: Registry) {
  const codes = new Vault<Code>(lifetimes.code)
  const accessTokens = new Vault<LegacyAccess>(lifetimes.access)
  const refreshTokens = new Vault<LegacyAccess>(lifetimes.refresh)

  /** Approves at once: the user is always Alice. */
  const authorize: RequestHandler = (req, res) => {
    const query = new URL(req.url, issuer).searchParams
    const client = findClient(query.get('client_id') ?? '')
    const redirect_uri = query.get('redirect_uri') ?? ''
    // an unknown redirect_uri gets an error response, never a redirect
    if (!client?.redirect_uris?.includes(redirect_uri)) return refuse(res, 400, 'invalid_request')

    const back = new URL(redirect_uri)
    back.searchParams.set('iss', issuer)
    const state = query.get('state')
    if (state !== null) back.searchParams.set('state', state)
    const code_challenge = query.get('code_challenge')
    if (query.get('response_type') !== 'code') back.searchParams.set('error', 'unsupported_response_type')
    else if (!code_challenge || query.get('code_challenge_method') !== 'S256') back.searchParams.set('error', 'invalid_request')
    else {
      const access = { subject: signedIn.id, client_id: client.client_id, scope: signedIn.scope }
      back.searchParams.set('code', codes.put({ ...access, redirect_uri, code_challenge }))
    }
    res.redirect(302, back.href)
  }

  const token: RequestHandler = (req, res) => {
    const client = authenticatedClient(req)
    if (!client) return refuse(res, 401, 'invalid_client')
    const { grant_type, ...form } = (req.body ?? {}) as Record<string, unknown>
    const take = grant_type === 'authorization_code' ? takeCode : grant_type === 'refresh_token' ? takeRefreshToken : undefined
    if (!take) return refuse(res, 400, 'unsupported_grant_type')
    if (!client.grant_types?.includes(grant_type as string)) return refuse(res, 400, 'unauthorized_client')

    const access = take(form, client)
    if (!access) return refuse(res, 400, 'invalid_grant')
    res.set('Cache-Control', 'no-store').json({
      access_token: accessTokens.put(access),
      token_type: 'Bearer',
      expires_in: lifetimes.access,
      scope: access.scope,
      ...(client.grant_types.includes('refresh_token') && { refresh_token: refreshTokens.put(access) }),
    })
  }

  function authenticatedClient(req: Request): DemoClient | undefined {
    const client = req.tokenState?.client
    if (client?.level === 'authenticated') return client.client // the new line: by JWT
    return clientBySecret(req.headers.authorization) // as before
  }

  function clientBySecret(authorization = ''): DemoClient | undefined {
    const pair = Buffer.from(/^Basic (.+)$/i.exec(authorization)?.[1] ?? '', 'base64').toString()
    const [id = '', secret = ''] = pair.split(':', 2).map(formDecode)
    const client = findClient(id)
    return client?.client_secret && isEqual(client.client_secret, secret) ? client : undefined
  }

  function takeCode({ code, redirect_uri, code_verifier }: Record<string, unknown>, client: DemoClient): LegacyAccess | undefined {
    const { redirect_uri: expected, code_challenge, ...access } = codes.take(code) ?? ({} as Partial<Code>)
    const challenge = createHash('sha256').update(String(code_verifier)).digest('base64url')
    if (access.client_id !== client.client_id || expected !== redirect_uri || code_challenge !== challenge) return undefined
    return access as LegacyAccess
  }

  function takeRefreshToken({ refresh_token }: Record<string, unknown>, client: DemoClient): LegacyAccess | undefined {
    const access = refreshTokens.take(refresh_token) // a refresh token works once: the response has the next one
    return access?.client_id === client.client_id ? access : undefined
  }

  return {
    authorize,
    token: [express.urlencoded({ extended: false }), token],
    /** The data of an access token of this server. */
    findToken: (value: string) => accessTokens.get(value),
  }
}

/** Random strings, each with a value until it expires. */
class Vault<T> {
  readonly #entries = new Map<string, { value: T; expiresAt: number }>()
  constructor(readonly lifetime: number) {}

  put(value: T): string {
    const key = randomBytes(32).toString('base64url')
    this.#entries.set(key, { value, expiresAt: Date.now() + this.lifetime * 1000 })
    return key
  }
  get(key: unknown): T | undefined {
    const entry = this.#entries.get(key as string)
    return entry && entry.expiresAt > Date.now() ? entry.value : undefined
  }
  take(key: unknown): T | undefined {
    const value = this.get(key)
    this.#entries.delete(key as string)
    return value
  }
}

function refuse(res: Response, status: number, error: string): void {
  if (status === 401) res.set('WWW-Authenticate', 'Basic realm="token endpoint"')
  res.set('Cache-Control', 'no-store').status(status).json({ error })
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return ''
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
const isEqual = (one: string, other: string) => timingSafeEqual(digest(one), digest(other))
