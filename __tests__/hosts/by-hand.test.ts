import type { RequestHandler } from 'express'
import { recipesOf, runBlock } from '../support/recipe.js'
import { describeHost, isRegistered, type Mount, redirectUri, secretOfHost } from './host.js'

/** A token handler that somebody wrote by hand: a client without a secret is public. The internal secrets are stored in its table. */
const mount: Mount = async (app, express, suite) => {
  const grants = new Map<string, string>()
  const internal = await recipesOf<{ secretOf(id: string): string }>('docs/guides/server-libraries.md', 'internal-secrets.mjs')
  const stored = new Map<string, string>()
  if (suite) for (const id of ['jwt-client', 'other-client', 'moved-client']) stored.set(id, internal.secretOf(id))

  const oldTokenHandler: RequestHandler = (req, res) => {
    const { grant_type, client_id, client_secret, refresh_token } = req.body ?? {}
    const secret = stored.get(client_id) ?? secretOfHost(client_id)
    const refuse = (status: number, error: string) => void res.status(status).json({ error })
    if (!isRegistered(client_id) || (secret && secret !== client_secret)) return refuse(401, 'invalid_client')
    if (grant_type !== 'refresh_token') return refuse(400, 'unsupported_grant_type')
    if (grants.get(refresh_token) !== client_id) return refuse(400, 'invalid_grant')
    grants.delete(refresh_token)
    res.json({ access_token: `for-${client_id}-by-${refresh_token}`, token_type: 'Bearer' })
  }
  if (suite) runBlock('docs/guides/server-libraries.md', 'any server: the route', { ...suite, ...internal, oldTokenHandler })
  else app.post('/token', express.urlencoded({ extended: false }), oldTokenHandler)
  app.get('/authorize', (req, res) => {
    const { client_id, state } = req.query
    if (!isRegistered(String(client_id)) || !state) return void res.status(400).send('Who are you?')
    res.redirect(`${redirectUri}?code=x&state=${state}`)
  })
  let count = 0
  return (client_id) => {
    const refresh_token = `grant-${count++}`
    grants.set(refresh_token, client_id)
    return { grant_type: 'refresh_token', refresh_token }
  }
}

describeHost('a handler by hand', mount, {
  otherwise: 401,
  statuses: {
    'a public client': 200,
    "another client's grant": 400,
    'a grant that does not exist': 400,
    'a grant without its parameter': 400,
    'a wrong authorization code': 400,
    'a grant type that is unknown': 400,
    'no grant type': 400,
    'client_credentials by secret': 400,
    'a login of an unknown client': 400,
    'a login that is malformed': 400,
  },
  hasOneSecret: true,
  endsOldSecrets: true,
  takesForPublic: true,
})
