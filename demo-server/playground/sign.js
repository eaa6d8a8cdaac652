/** Signs JWTs with the Web Crypto API: what is signed is the text, character by character, right or wrong. */

const bytes = (text) => new TextEncoder().encode(text)

export function base64url(data) {
  const binary = Array.from(typeof data === 'string' ? bytes(data) : new Uint8Array(data), (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function textOf(segment) {
  const binary = atob(segment.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)))
}

/** Header and claims of a JWT; `undefined` if it is none. */
export function decoded(jwt) {
  try {
    const [header, claims, ...rest] = jwt.split('.')
    return rest.length === 1 ? { header: JSON.parse(textOf(header)), claims: JSON.parse(textOf(claims)) } : undefined
  } catch {
    return undefined
  }
}

/** JSON on one line, without touching what it says: a member that is there twice stays twice. */
function compact(text) {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string) => string ?? '')
}

/**
 * @param {{ header: string, claims: string, key: string }} jwt JSON texts, and the name of a key
 * @param {{ name: string, privateJwk: JsonWebKey, pem: string }[]} keys
 */
export async function signed(jwt, keys) {
  const input = `${base64url(compact(jwt.header))}.${base64url(compact(jwt.claims))}`
  if (jwt.key === 'none') return `${input}.`
  const isSecret = jwt.key.startsWith('secret:')
  const key = keys.find(({ name }) => name === jwt.key.replace('secret:', ''))
  const hash = `SHA-${/(?:256|384|512)$/.exec(JSON.parse(jwt.header).alg ?? '')?.[0] ?? '256'}`
  const signature = isSecret
    ? await withSecret(key.pem, hash, input)
    : await withKeyPair({ ...key.privateJwk, alg: undefined, key_ops: undefined, use: undefined }, hash, input)
  return `${input}.${base64url(signature)}`
}

async function withKeyPair(jwk, hash, input) {
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: jwk.crv }, false, ['sign'])
  return crypto.subtle.sign({ name: 'ECDSA', hash }, key, bytes(input))
}

async function withSecret(secret, hash, input) {
  const key = await crypto.subtle.importKey('raw', bytes(secret), { name: 'HMAC', hash }, false, ['sign'])
  return crypto.subtle.sign('HMAC', key, bytes(input))
}

/** What `curl` sends: the same request. */
export function curlLine({ url, authorization, form }) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`
  const lines = [`curl -i ${quoted(url)}`]
  if (authorization) lines.push(`-H ${quoted(`Authorization: ${authorization}`)}`)
  for (const [name, value] of form) lines.push(`--data-urlencode ${quoted(`${name}=${value}`)}`)
  return lines.join(' \\\n  ')
}
