// Requests as bytes for a socket.
import { randomBytes } from 'node:crypto'
import { jwtSigner, unsigned, withBadSignature } from './jwt.mjs'
import { clientId, clientSecret, idp, issuer, JWT_CLIENT_ASSERTION, JWT_GRANT, lifetime, member, scope } from './world.mjs'

const form = 'application/x-www-form-urlencoded'
const now = () => Math.floor(Date.now() / 1000)

const series = randomBytes(9).toString('base64url')
let serial = 0
const freshJti = () => `${series}-${++serial}`

function post(parameters, contentType = form) {
  const body = new URLSearchParams({ ...parameters, scope }).toString()
  return Buffer.from(
    `POST /token HTTP/1.1\r\nHost: as.example.com\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  )
}

const asGrant = (assertion) => ({ grant_type: JWT_GRANT, assertion })
const asClient = (client_assertion) => ({ client_assertion_type: JWT_CLIENT_ASSERTION, client_assertion })
const asClientAlone = (client_assertion) => ({ grant_type: 'client_credentials', ...asClient(client_assertion) })

/** The claims of an issuer's grants or of a client's assertions. `size`: characters to add. */
const claimsOf = {
  grant: (signer = idp) => ({ iss: signer, sub: 'user@example.org' }),
  client: (signer = clientId) => ({ iss: signer, sub: signer }),
}
const fresh = (use, signer, size = 0) => ({
  ...claimsOf[use](signer),
  aud: issuer,
  iat: now(),
  exp: now() + lifetime,
  jti: freshJti(),
  ...(size > 0 && { pad: 'x'.repeat(size) }),
})

/** The index of a signer out of `count`: each in order (`every`), or a random one. */
const pick = (count, every, index) => (every ? index % count : Math.floor(Math.random() * count))

/** @typedef {(index: number) => Buffer} Maker */

/** Valid requests: `makers[kind](world, options)` returns a maker. */
export const makers = {
  hello: () => () => Buffer.from('GET / HTTP/1.1\r\nHost: as.example.com\r\n\r\n'),
  secret: () => () => post({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }),
  grant({ alg, keys, issuers, keysEach }, { every, size, bytes, signer } = {}) {
    const sign = Array.from({ length: keysEach }, (_, key) => jwtSigner(alg, keys.idp.private, `key-${key}`))
    const pad = size ?? padding(bytes, sign[0](fresh('grant', signer, 1)))
    return (index) =>
      post(
        asGrant(sign[index % keysEach]({ ...fresh('grant', signer ?? member(idp, pick(issuers, every, index)), pad), ...longer(signer) })),
      )
  },
  client({ alg, keys, clients }, { every } = {}) {
    const sign = jwtSigner(alg, keys.client.private, 'key-0')
    return (index) => post(asClientAlone(sign(fresh('client', member(clientId, pick(clients, every, index))))))
  },
  both({ alg, keys }) {
    const signGrant = jwtSigner(alg, keys.idp.private, 'key-0')
    const signClient = jwtSigner(alg, keys.client.private, 'key-0')
    return () => post({ ...asGrant(signGrant(fresh('grant'))), ...asClient(signClient(fresh('client'))) })
  },
  reused({ alg, keys }) {
    const { jti: _, ...claims } = fresh('client')
    const request = post(asClientAlone(jwtSigner(alg, keys.client.private, 'key-0')(claims)))
    return () => request
  },
  refused: (world, { name, use }) => refused[name](refusalTools(world, use)),
  refusedInTurn(world, { names, use }) {
    const mixed = names.map((name) => refused[name](refusalTools(world, use)))
    return (index) => mixed[index % mixed.length](index)
  },
}

/** Grants of the flood live for one hour, as their issuers allow. */
const longer = (signer) => (signer === undefined ? undefined : { exp: now() + 3600 })

/** How many characters to add so that a JWT has `bytes` bytes; base64url has four for three. */
const padding = (bytes, token) => (bytes === undefined ? 0 : Math.max(1, Math.floor(((bytes - token.length) * 3) / 4)))

const refusalTools = ({ alg, keys }, use) => {
  const ours = use === 'grant' ? keys.idp : keys.client
  const wrap = use === 'grant' ? asGrant : asClientAlone
  const sign = jwtSigner(alg, ours.private, 'key-0')
  return { sign, claims: () => fresh(use), send: (token, type) => post(wrap(token), type), use }
}

/** Requests that are refused, in the order of the checks. */
export const refused = {
  'wrong content type':
    ({ sign, claims, send }) =>
    () =>
      send(sign(claims()), 'application/json'),
  '100 kB garbage': ({ send }) => {
    const request = send(randomBytes(75_000).toString('base64url'))
    return () => request
  },
  '90 kB validly signed':
    ({ sign, claims, send }) =>
    () =>
      send(sign({ ...claims(), pad: 'x'.repeat(67_000) })),
  'not a JWT':
    ({ send }) =>
    (index) =>
      send(`not-a-jwt-${index}`),
  'alg none':
    ({ claims, send }) =>
    () =>
      send(unsigned(claims())),
  expired:
    ({ sign, claims, send }) =>
    () =>
      send(sign({ ...claims(), iat: now() - 2 * lifetime, exp: now() - lifetime })),
  'wrong audience':
    ({ sign, claims, send }) =>
    () =>
      send(sign({ ...claims(), aud: 'https://other.example.com' })),
  'unknown issuer':
    ({ sign, claims, send, use }) =>
    () =>
      send(sign({ ...claims(), ...claimsOf[use]('https://unknown.example') })),
  'unknown kid':
    ({ sign, claims, send }) =>
    () =>
      send(sign(claims(), { kid: 'no-such-key' })),
  'bad signature':
    ({ sign, claims, send }) =>
    () =>
      send(withBadSignature(sign(claims()))),
  replay: ({ sign, claims, send }) => {
    const request = send(sign(claims()))
    return () => request
  },
}
