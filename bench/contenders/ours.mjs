// Options of this package, as built, for a world: with its number of clients, issuers and keys.
import { hash } from 'node:crypto'
import { memoryReplayStore, tokenMinter } from '../../dist/esm/index.js'
import { api, bothGrants, clientId, clientSecret, idp, issuer, member, scope } from '../harness/world.mjs'
import { opaqueToken } from './opaque-tokens.mjs'
import { redisStore } from './redis-store.mjs'

/** Each signer has its own key set, as from a database; the keys in them are equal. */
const keySet = (jwk, count) => ({ keys: Array.from({ length: count }, (_, index) => ({ ...jwk, kid: `key-${index}` })) })

const crowd = (name, count, make) => new Map(Array.from({ length: count }, (_, index) => [member(name, index), make(member(name, index))]))

export async function ourOptions(world) {
  const { use, alg, token, keys } = world
  const makeClient = (client_id) => ({
    client_id,
    ...(use === 'secret'
      ? { token_endpoint_auth_method: 'client_secret_post', client_secret: clientSecret }
      : { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg, jwks: keySet(keys.client.public, 1) }),
    grant_types: bothGrants,
    scope,
  })
  const makeIssuer = (name) => ({
    issuer: name,
    jwks: keySet(keys.idp.public, world.keysEach),
    algorithms: [alg],
    ...(use === 'both' ? { clients: [clientId] } : { client_authentication: 'none' }),
    ...(world.maxLifetime && { maxLifetime: world.maxLifetime }),
    scope,
  })
  const clients = crowd(clientId, world.clients, makeClient)
  const issuers = crowd(idp, world.issuers, makeIssuer)
  for (const name of world.otherIssuers ?? []) issuers.set(name, makeIssuer(name))
  return {
    issuer,
    hooks: {
      // `anew`: a host that keeps its clients in a database makes a new object for each request.
      findClient: world.anew ? (id) => clients.has(id) && makeClient(id) : (id) => clients.get(id),
      findIssuer: (iss) => issuers.get(iss),
      authorizeGrant: ({ sub }) => ({ subject: sub }),
      mintToken:
        token === 'opaque' ? ({ subject }) => opaqueToken({ sub: subject }) : tokenMinter({ issuer, audience: api, key: keys.token }),
    },
    replayStore: await replayStore(world),
  }
}

async function replayStore({ store, redisUrl, remembered, max = 300_000 + remembered, maxPerIssuer = max }) {
  if (store === 'redis') return redisStore(redisUrl)
  const replay = memoryReplayStore({ max, maxPerIssuer })
  const now = Math.floor(Date.now() / 1000)
  for (let index = 0; index < remembered; index++) replay.consume(hash('sha256', `${index}`, 'base64url'), now + 3600, 'some issuer', now)
  return replay
}
