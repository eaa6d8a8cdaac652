import { isUtf8 } from 'node:buffer'
import type { DecodedAssertion } from '../host/assertion.js'
import { refusal } from '../host/errors.js'
import { freezeMembers, hasDuplicateMember } from './duplicate-members.js'

const compact = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/
/** JWE in compact serialization (RFC 7516 §3.1); the encrypted key may be empty. */
const isEncrypted = /^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]*\.[\w-]+$/
/** The characters that may end a segment of `length % 4`, so that its unused bits are zero. `''`: no bytes have that length. */
const lastCharacters = ['', 'AQgw', 'AEIMQUYcgkosw048']

/**
 * Decodes one JWS in compact serialization (RFC 7515 §3.1, RFC 7519 §7.2). Only the canonical encoding is accepted: no padding, no white
 * space, no unused bits that are set, no repeated member.
 * @throws Refusal `jwt_malformed`, `jwt_encrypted`, `duplicate_member`
 */
export function decodeAssertion(token: string): DecodedAssertion {
  const parts = compact.exec(token)
  if (!parts) {
    if (isEncrypted.test(token)) throw refusal('jwt_encrypted', { seen: { parts: 5 }, wanted: { parts: 3 } })
    throw refusal('jwt_malformed', () => ({ seen: shapeOf(token), wanted: 'three parts in base64url, separated by dots' }))
  }
  const [, header, payload, signature] = parts as unknown as [string, string, string, string]
  if (!isCanonical(header) || !isCanonical(payload) || !isCanonical(signature))
    throw refusal('jwt_malformed', { seen: 'another spelling of base64url', wanted: 'base64url without padding or unused bits' })
  return {
    token,
    signingInput: token.slice(0, header.length + 1 + payload.length),
    signature: Buffer.from(signature, 'base64url'),
    header: parseObject(Buffer.from(header, 'base64url')),
    claims: parseObject(Buffer.from(payload, 'base64url')),
  }
}

/** Whether a segment is the one base64url encoding of its bytes (RFC 4648 §3.5): decoders ignore unused bits and lone characters. */
function isCanonical(segment: string): boolean {
  const rest = segment.length % 4
  return rest === 0 || (lastCharacters[rest - 1] as string).includes(segment.at(-1) as string)
}

/** What is wrong with a token, without showing any of it. */
function shapeOf(token: string): object {
  const parts = token.split('.', 9)
  return { parts: parts.length, empty_parts: parts.filter((part) => part === '').length, other_characters: /[^\w.-]/.test(token) }
}

const wanted = 'a JSON object in UTF-8'

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  if (!isUtf8(bytes)) throw refusal('jwt_malformed', { seen: 'bytes that are not UTF-8', wanted })
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refusal('jwt_malformed', { seen: 'text that is not JSON', wanted })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refusal('jwt_malformed', { seen: 'JSON that is not an object', wanted })
  Object.setPrototypeOf(value, null) // `constructor` is a claim only if it was sent
  if (hasDuplicateMember(text, freezeMembers(value)))
    throw refusal('duplicate_member', () => ({ seen: { members: Object.keys(value) }, wanted: 'each member once, at any depth' }))
  return value as Record<string, unknown>
}
