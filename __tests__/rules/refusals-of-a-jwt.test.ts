/**
 * One party, registered as a client and as an issuer with the same keys: so the same text can be sent in both roles. What is wrong
 * with a JWT does not depend on its role; how it is answered does (JG-13, JC-04).
 */
import { createPublicKey } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { type AssertionReason, assertionRefusals, assertionUses, type Reason, refusals } from '../../lib/host/errors.js'
import { CLIENT_CREDENTIALS, type Client, memoryReplayStore, type ReplayStore, type TrustedIssuer } from '../../lib/index.js'
import { checksOfRegistration } from '../../lib/rules/jwt-checks.js'
import { anyExpress } from '../support/express.js'
import { forge, freshJti, now, signature } from '../support/jwt.js'
import { ec, ed, type Pair, rsa } from '../support/keys.js'
import { byJwt, clientCredentials, grantRequest, issuer, startWorld, tokenEndpointUrl } from '../support/world.js'

const frozen = 1_900_000_000
const clock = jest.spyOn(Date, 'now').mockReturnValue(frozen * 1000)

// one URL that must never be asked for anything
let visits = 0
const trap = createServer((_, res) => {
  visits++
  res.end('{"keys":[]}')
}).listen(0)
const trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/jwks.json`

const party = 'https://party.example'
const strict = 'https://strict.example'
const disabled = 'https://disabled.example'
const other = 'https://other.example'

const es256 = ec('k1')
const es384 = ec('k384', 'P-384', 'ES384')
const es512 = ec('k521', 'P-521', 'ES512')
const eddsa = ed('ked')
const rs256 = rsa('krs256')
const stranger = ec('k1') // the other party's key has the same kid
const as = (pair: Pair, alg: string): Pair => ({ ...pair, alg, kid: `k${alg}`, jwk: { ...pair.jwk, alg, kid: `k${alg}` } })
const rsaKeys = ['RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => as(rs256, alg))
const partyKeys = [es256, es384, es512, eddsa, rs256, ...rsaKeys]

const jwksOf = (...pairs: Pair[]) => ({ keys: pairs.map(({ jwk }) => jwk) })
const clientBase = { token_endpoint_auth_method: 'private_key_jwt', grant_types: [CLIENT_CREDENTIALS], scope: 'read' }
const clients = new Map<string, Client>([
  [party, { ...clientBase, client_id: party, jwks: jwksOf(...partyKeys) }],
  [other, { ...clientBase, client_id: other, jwks: jwksOf(stranger) }],
  [disabled, { ...clientBase, client_id: disabled, jwks: jwksOf(es256), enabled: false }],
  [
    strict,
    {
      ...clientBase,
      client_id: strict,
      jwks: jwksOf(...partyKeys),
      token_endpoint_auth_signing_alg: 'ES256',
      requireJti: true,
      maxLifetime: 60,
    },
  ],
])
const issuerBase = { client_authentication: 'none', scope: 'read' } as const
const issuers = new Map<string, TrustedIssuer>([
  [party, { ...issuerBase, issuer: party, jwks: jwksOf(...partyKeys) }],
  [other, { ...issuerBase, issuer: other, jwks: jwksOf(stranger) }],
  [disabled, { ...issuerBase, issuer: disabled, jwks: jwksOf(es256), enabled: false }],
  [
    strict,
    { ...issuerBase, issuer: strict, jwks: jwksOf(...partyKeys), algorithms: ['ES256'], requireJti: true, maxLifetime: 60, typ: 'jwt' },
  ],
])

type Json = Record<string, unknown>
const header = (over: Json = {}) => ({ alg: 'ES256', kid: 'k1', ...over })
const claims = (over: Json = {}): Json => {
  const iss = over.iss === undefined ? party : over.iss
  return { iss, sub: iss, aud: issuer, exp: now() + 60, iat: now(), jti: freshJti(), ...over }
}

/** Signs any bytes. */
function sign(head: string | Buffer, payload: string | Buffer, pair: Pair = es256): string {
  const input = `${Buffer.from(head).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  return `${input}.${signature(input, pair.privateKey, pair.alg).toString('base64url')}`
}
const text = (value: unknown) => JSON.stringify(value)
const good = () => sign(text(header()), text(claims()))
const withHeader = (over: Json, pair?: Pair) => () => sign(text(header(over)), text(claims()), pair)
const withClaims = (over: Json | (() => Json), pair?: Pair) => () =>
  sign(text(header()), text(claims(typeof over === 'function' ? over() : over)), pair)
/** The claims as JSON text, with `more` put before the closing brace. */
const withRaw = (more: string, without: Json = {}) => {
  return () => sign(text(header()), text(claims(without)).replace(/\}$/, `,${more}}`))
}
const withHeaderText = (raw: string | Buffer) => () => sign(raw, text(claims()))
const withPayload = (raw: string | Buffer | (() => string)) => () => sign(text(header()), typeof raw === 'function' ? raw() : raw)
const spoilt = (spoil: (token: string) => string) => () => spoil(good())
const parts = (token: string) => token.split('.') as [string, string, string]
/** Replaces the signature. */
const resigned = (change: (bytes: Buffer, input: string) => Buffer) => () => {
  const [head, payload, sig] = parts(good())
  return `${head}.${payload}.${change(Buffer.from(sig, 'base64url'), `${head}.${payload}`).toString('base64url')}`
}
/** Another text for the same bytes: the spare bits of the last character are set. */
const spareBits = (segment: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(segment.at(-1) as string)
  const twin = segment.slice(0, -1) + alphabet[last + 1]
  if (!Buffer.from(segment, 'base64url').equals(Buffer.from(twin, 'base64url'))) throw new Error('this segment has no spare bits')
  return twin
}
/** A JWT whose header and payload end in spare bits. */
const unaligned = () => {
  const pad = (value: Json) => {
    let json = text({ ...value, pad: '' })
    while (json.length % 3 === 0) json = json.replace('"pad":"', '"pad":"x')
    return json
  }
  return sign(pad(header()), pad(claims()))
}
const hs256 = (key: string | Buffer) => () => {
  const input = `${Buffer.from(text(header({ alg: 'HS256' }))).toString('base64url')}.${Buffer.from(text(claims())).toString('base64url')}`
  return `${input}.${signature(input, key as string, 'HS256').toString('base64url')}`
}
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const bytesOf = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
/** The other signature of ES256 that holds for the same text: (r, n − s). */
const ecdsaTwin = (token: string) => {
  const [head, payload, sig] = parts(token)
  const bytes = Buffer.from(sig, 'base64url')
  const twin = Buffer.concat([bytes.subarray(0, 32), bytesOf(order - BigInt(`0x${bytes.subarray(32).toString('hex')}`))])
  return `${head}.${payload}.${twin.toString('base64url')}`
}
const jwe = (protectedHeader: Json) =>
  [text(protectedHeader), 'key', 'iv', 'ciphertext', 'tag'].map((part) => Buffer.from(part).toString('base64url')).join('.')
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const bom = '\ufeff'
const pem = es256.publicKey.export({ type: 'spki', format: 'pem' }) as string
const der = es256.publicKey.export({ type: 'spki', format: 'der' })
const rsaPem = createPublicKey(rs256.publicKey.export({ type: 'spki', format: 'pem' })).export({ type: 'spki', format: 'pem' }) as string
const shown = (value: unknown) => (value === undefined ? 'absent' : (text(value) ?? String(value)).slice(0, 60))

/** One reason for both roles, or one for each. */
type Row = [name: string, reason: AssertionReason | { grant: Reason; client: Reason }, jwt: () => string]
const each = <T>(values: readonly T[], row: (value: T) => Row): Row[] => values.map(row)
const audience = { grant: 'aud_not_registered', client: 'aud_mismatch' } as const
const wrongType = { grant: 'typ_not_registered', client: 'typ_not_allowed' } as const
const unknown = { grant: 'issuer_untrusted', client: 'client_unknown' } as const

const badHeaders: Row[] = [
  ...each<unknown>(
    [
      'none',
      'None',
      'NONE',
      'nOnE',
      '',
      null,
      0,
      true,
      [],
      {},
      ['ES256'],
      'es256',
      'ES256 ',
      'ES256K',
      'HS256',
      'RSA-OAEP',
      'dir',
      undefined,
    ],
    (alg) => [`T-01 JW-05 JW-06 alg ${shown(alg)}`, 'alg_not_allowed', withHeader({ alg })],
  ),
  ['AF-01 JW-06 alg none, empty signature', 'jwt_malformed', () => forge(header({ alg: 'none' }), claims(), null)],
  ['AF-01 alg ES256, empty signature', 'jwt_malformed', () => forge(header(), claims(), null)],
  ['T-03 ES512, registered but not in the allow-list', 'alg_not_allowed', withHeader({ alg: 'ES512', kid: es512.kid }, es512)],
  ['T-02 HS256 keyed with the public key as PEM', 'alg_not_allowed', hs256(pem)],
  ['T-02 HS256 keyed with the public key as PEM, no last newline', 'alg_not_allowed', hs256(pem.trim())],
  ['T-02 HS256 keyed with the public key as DER', 'alg_not_allowed', hs256(der)],
  ['T-02 HS256 keyed with the public key as JWK', 'alg_not_allowed', hs256(text(es256.jwk))],
  ['T-02 HS256 keyed with the coordinate x', 'alg_not_allowed', hs256(Buffer.from(es256.jwk.x as string, 'base64url'))],
  ['T-02 HS256 keyed with the RSA public key as PEM', 'alg_not_allowed', hs256(rsaPem)],
  ['T-02 HS256 keyed with the RSA modulus', 'alg_not_allowed', hs256(Buffer.from(rs256.jwk.n as string, 'base64url'))],
  ...each(['', 'secret', 'changeme', '\0'], (secret): Row => [`T-02 HS256 keyed with ${shown(secret)}`, 'alg_not_allowed', hs256(secret)]),
  ['T-03 JW-05 RS256 with the kid of an EC key', 'key_not_found', withHeader({ alg: 'RS256' }, rs256)],
  [
    'T-03 PS256 with the RSA key that is for RS256',
    'key_not_found',
    withHeader({ alg: 'PS256', kid: rs256.kid }, { ...rs256, alg: 'PS256' }),
  ],
  ['T-03 ES384 with the kid of a P-256 key', 'key_not_found', withHeader({ alg: 'ES384' }, es384)],
  ['T-03 EdDSA with the kid of an EC key', 'key_not_found', withHeader({ alg: 'EdDSA' }, eddsa)],
  ['T-03 RS256 header, signed with PS256', 'signature_invalid', withHeader({ alg: 'RS256', kid: rs256.kid }, { ...rs256, alg: 'PS256' })],
  ['T-03 RS384 header, signed with RS256', 'signature_invalid', withHeader({ alg: 'RS384', kid: 'kRS384' }, rs256)],
  ['T-04 JC-06 jwk of the attacker', 'header_not_allowed', withHeader({ jwk: stranger.jwk }, stranger)],
  ['T-04 jwk of the attacker, no kid', 'header_not_allowed', withHeader({ jwk: stranger.jwk, kid: undefined }, stranger)],
  ['T-04 jwk of the signer itself, well signed', 'header_not_allowed', withHeader({ jwk: es256.jwk })],
  ['T-04 jwk null', 'header_not_allowed', withHeader({ jwk: null })],
  ['T-04 x5c', 'x5c_not_registered', withHeader({ x5c: ['MIIB'] })],
  ['T-04 x5u', 'header_not_allowed', withHeader({ x5u: trapUrl })],
  ['T-04 JW-12 jku to a listening port', 'jku_not_registered', withHeader({ jku: trapUrl }, stranger)],
  ['T-04 jku to a listening port, well signed', 'jku_not_registered', withHeader({ jku: trapUrl })],
  ...each<unknown>(['', null, 1, [], {}], (jku) => [`T-04 jku ${shown(jku)}`, 'jku_not_registered', withHeader({ jku })]),
  ['T-04 x5t alone names no key', 'signature_invalid', withHeader({ x5t: 'AAAA', kid: undefined }, stranger)],
  ...each<unknown>(['', null, 1, true, [], {}, ['k1'], 'k'.repeat(257), '\ud800'], (kid) => [
    `T-05 JW-12 TE-18 kid ${shown(kid)}`,
    'kid_malformed',
    withHeader({ kid }),
  ]),
  ...each(
    [
      '__proto__',
      'constructor',
      'K1',
      'k1 ',
      'k1\0',
      'k1\r\nx: y',
      '\u043a1',
      '../../../dev/null',
      '|sleep 10',
      "x' UNION SELECT '1';--",
      '0',
    ],
    (kid): Row => [`T-05 kid ${shown(kid)}`, 'key_not_found', withHeader({ kid })],
  ),
  ...each<Json>(
    [{ crit: ['x'], x: 1 }, { crit: [] }, { crit: ['b64'], b64: false }, { crit: ['b64'], b64: true }, { crit: ['exp'] }, { crit: null }],
    (over) => [`T-06 JW-04 ${shown(over)}`, 'header_not_allowed', withHeader(over)],
  ),
  ['T-06 b64 false without crit', 'header_not_allowed', withHeader({ b64: false })],
  ['T-06 b64 true without crit', 'header_not_allowed', withHeader({ b64: true })],
  ...each<unknown>(
    [
      'at+jwt',
      'application/at+jwt',
      'dpop+jwt',
      'logout+jwt',
      'oauth-id-jag+jwt',
      'txntoken+jwt',
      'secevent+jwt',
      'oauth-authz-req+jwt',
      'JWE',
      'JWT ',
      'application/application/jwt',
      '',
      null,
      1,
      ['JWT'],
      {},
    ],
    (typ) => [`T-09 BI-08 typ ${shown(typ)}`, typeof typ === 'string' ? wrongType : 'typ_not_allowed', withHeader({ typ })],
  ),
  ...each(
    ['null', '[]', '"x"', '1', 'true', '', ' ', '{', '{}x', '{"alg":"ES256",}', "{'alg':'ES256'}", '{"alg":"ES256"}//'],
    (raw): Row => {
      return [`T-10 JW-02 header ${shown(raw)}`, 'jwt_malformed', withHeaderText(raw)]
    },
  ),
  ['T-10 header {}', 'alg_not_allowed', withHeaderText('{}')],
  ['T-10 JW-02 header with BOM', 'jwt_malformed', withHeaderText(bom + text(header()))],
  ['T-10 JW-02 header is not UTF-8', 'jwt_malformed', withHeaderText(Buffer.from('{"alg":"ES256","kid":"k1","x":"\xff"}', 'latin1'))],
  ['T-10 JW-02 header in UTF-16', 'jwt_malformed', withHeaderText(Buffer.from(text(header()), 'utf16le'))],
  ['T-10 JW-03 two alg', 'duplicate_member', withHeaderText('{"alg":"none","alg":"ES256","kid":"k1"}')],
  ['T-10 JW-03 two alg, one escaped', 'duplicate_member', withHeaderText('{"\\u0061lg":"none","alg":"ES256","kid":"k1"}')],
  ['T-10 two kid', 'duplicate_member', withHeaderText('{"alg":"ES256","kid":"k1","kid":"k1"}')],
  ['T-10 two __proto__', 'duplicate_member', withHeaderText('{"alg":"ES256","kid":"k1","__proto__":{},"__proto__":{}}')],
  ['T-10 header within __proto__', 'alg_not_allowed', withHeaderText('{"__proto__":{"alg":"ES256","kid":"k1"}}')],
  [
    'T-14 header of 2049 bytes',
    'header_too_large',
    () => {
      const empty = text(header({ x: '' })).length
      return sign(text(header({ x: 'x'.repeat(2049 - empty) })), text(claims()))
    },
  ],
  ['T-10 T-14 header nested too deep to be short', 'header_too_large', withHeaderText(`{"alg":"ES256","x":${nested(1500)}}`)],
]

const badTexts: Row[] = [
  ...each(
    [
      ['one segment', (t) => t.replaceAll('.', '')],
      ['two segments', (t) => parts(t).slice(0, 2).join('.')],
      ['four segments', (t) => `${t}.AAAA`],
      ['a dot behind', (t) => `${t}.`],
      ['a dot in front', (t) => `.${t}`],
      ['a dot twice', (t) => t.replace('.', '..')],
      ['only dots', () => '..'],
      ['8000 dots', () => '.'.repeat(8000)],
      ['no letters at all', () => '!'],
      ['no header', (t) => t.replace(/^[^.]+/, '')],
      ['no payload', (t) => t.replace(/\.[^.]+\./, '..')],
      ['a space behind', (t) => `${t} `],
      ['a space in front', (t) => ` ${t}`],
      ['a space within the signature', (t) => `${t.slice(0, -4)} ${t.slice(-4)}`],
      ['a space within the payload', (t) => t.replace('.', '. ')],
      ['two JWTs, a space between (JG-02, JC-02)', (t) => `${t} ${good()}`],
      ['two JWTs, a comma between (JG-02, JC-02)', (t) => `${t},${good()}`],
      ['= behind', (t) => `${t}=`],
      ['== behind', (t) => `${t}==`],
      ['= behind the header', (t) => t.replace('.', '=.')],
      ['a plus sign in the signature', (t) => `${t.slice(0, -1)}+`],
      ['a slash in the signature', (t) => `${t.slice(0, -1)}/`],
      [
        'base64 of the standard alphabet',
        () => {
          let token = good()
          while (!/[-_]/.test(token)) token = good()
          return token.replaceAll('-', '+').replaceAll('_', '/')
        },
      ],
      ['spare bits in the signature', (t) => t.replace(/[^.]+$/, spareBits)],
      ['spare bits in the payload', () => unaligned().replace(/(?<=\.)[^.]+(?=\.)/, spareBits)],
      ['spare bits in the header', () => unaligned().replace(/^[^.]+/, spareBits)],
      ['one character too many in the signature', (t) => `${t}AAA`],
      ['BOM in front', (t) => bom + t],
      ['zero-width space behind', (t) => `${t}\u200b`],
      ['no-break space behind', (t) => `${t}\u00a0`],
      ['line separator behind', (t) => `${t}\u2028`],
      ['full-width dots', (t) => t.replaceAll('.', '\uff0e')],
      ['one-dot leader for dots', (t) => t.replaceAll('.', '\u2024')],
      ['a Cyrillic letter', (t) => t.replace('e', '\u0435')],
      ['percent-encoded twice', (t) => t.replaceAll('.', '%2E')],
      ['in quotes', (t) => `"${t}"`],
      ['Bearer in front', (t) => `Bearer ${t}`],
      ['in angle brackets', (t) => `<${t}>`],
      [
        'JSON serialization (JG-02)',
        (t) => {
          const [head, payload, sig] = parts(t)
          return text({ protected: head, payload, signature: sig })
        },
      ],
      ['a SAML assertion', () => '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>'],
    ] as [string, (token: string) => string][],
    ([name, spoil]): Row => [`T-11 T-12 JW-01 AF-10 ${name}`, 'jwt_malformed', spoilt(spoil)],
  ),
  ['T-07 AF-16 JW-23 JWE of five parts', 'jwt_encrypted', () => jwe({ alg: 'RSA-OAEP', enc: 'A256GCM' })],
  ['T-07 JW-23 JWE with p2c 1e9', 'jwt_encrypted', () => jwe({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2s: 'AAAA', p2c: 1e9 })],
  ['T-07 JW-23 JWE with zip', 'jwt_encrypted', () => jwe({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })],
  ['T-08 nested JWT', 'jwt_malformed', () => sign(text(header({ cty: 'JWT' })), good())],
  ['T-08 nested JWT as a JSON string', 'jwt_malformed', () => sign(text(header({ cty: 'JWT' })), text(good()))],
]

const badSignatures: Row[] = [
  [
    'JG-11 a flipped bit in the signature',
    'signature_invalid',
    resigned((sig) => Buffer.from(sig.map((byte, i) => (i === 20 ? byte ^ 1 : byte)))),
  ],
  [
    'JG-11 a flipped bit in the payload',
    'signature_invalid',
    () => {
      const [head, , sig] = parts(good())
      return `${head}.${Buffer.from(text(claims({ sub: party, scope: 'admin' }))).toString('base64url')}.${sig}`
    },
  ],
  [
    'JG-11 the header of another JWT',
    'signature_invalid',
    () => {
      const [, payload, sig] = parts(good())
      return `${Buffer.from(text(header({ typ: 'JWT' }))).toString('base64url')}.${payload}.${sig}`
    },
  ],
  ['JG-11 the signature of another JWT', 'signature_invalid', spoilt((t) => t.replace(/[^.]+$/, parts(good())[2]))],
  ['T-15 all zero', 'signature_invalid', resigned(() => Buffer.alloc(64))],
  ['T-15 r = 0', 'signature_invalid', resigned((sig) => Buffer.concat([Buffer.alloc(32), sig.subarray(32)]))],
  ['T-15 s = 0', 'signature_invalid', resigned((sig) => Buffer.concat([sig.subarray(0, 32), Buffer.alloc(32)]))],
  ['T-15 r = s = n', 'signature_invalid', resigned(() => Buffer.concat([bytesOf(order), bytesOf(order)]))],
  ['T-15 r and s swapped', 'signature_invalid', resigned((sig) => Buffer.concat([sig.subarray(32), sig.subarray(0, 32)]))],
  ['T-15 one byte', 'signature_invalid', resigned(() => Buffer.alloc(1))],
  ['T-15 one byte short', 'signature_invalid', resigned((sig) => sig.subarray(0, 63))],
  ['T-15 one byte long', 'signature_invalid', resigned((sig) => Buffer.concat([sig, Buffer.alloc(1)]))],
  ['T-15 two signatures', 'signature_invalid', resigned((sig) => Buffer.concat([sig, sig]))],
  [
    'T-15 DER',
    'signature_invalid',
    resigned((sig) => {
      const integer = (bytes: Buffer) => Buffer.concat([Buffer.from([2, 33, 0]), bytes])
      const both = Buffer.concat([integer(sig.subarray(0, 32)), integer(sig.subarray(32))])
      return Buffer.concat([Buffer.from([0x30, both.length]), both])
    }),
  ],
  [
    'T-15 of the header alone',
    'signature_invalid',
    resigned((_, input) => signature(input.split('.')[0] as string, es256.privateKey, 'ES256')),
  ],
  ['JG-11 JW-10 the key of another party, same kid', 'signature_invalid', withClaims({}, stranger)],
  ['JG-11 the key of another party, no kid', 'signature_invalid', withHeader({ kid: undefined }, stranger)],
  ['JW-10 own key, name of another party', 'signature_invalid', withClaims({ iss: other })],
  [
    'RS256 signature of zero bytes',
    'signature_invalid',
    () => {
      const token = sign(text(header({ alg: 'RS256', kid: rs256.kid })), text(claims()), rs256)
      return token.replace(/[^.]+$/, Buffer.alloc(256).toString('base64url'))
    },
  ],
  [
    'EdDSA signature of another text',
    'signature_invalid',
    () => {
      const token = () => sign(text(header({ alg: 'EdDSA', kid: eddsa.kid })), text(claims()), eddsa)
      return token().replace(/[^.]+$/, parts(token())[2])
    },
  ],
]

const badClaims: Row[] = [
  ...each(['iss', 'aud', 'exp'], (name): Row => {
    return [`T-16 AF-12 ${name} is missing`, 'claim_missing', () => sign(text(header()), text({ ...claims(), [name]: undefined }))]
  }),
  ['T-16 JG-04 sub is missing', 'sub_missing', withClaims({ sub: undefined })],
  ['T-16 no claims', 'claim_missing', withPayload('{}')],
  ['T-24 claims within __proto__', 'claim_missing', withPayload(() => `{"__proto__":${text(claims())}}`)],
  ['T-24 claims within constructor', 'claim_missing', withPayload(() => `{"constructor":{"prototype":${text(claims())}}}`)],
  ...each<unknown>(['', null, 1, true, [], [party], {}, { 0: party }, '\ud800'], (iss) => [
    `T-21 JG-03 iss ${shown(iss)}`,
    'claim_malformed',
    withClaims({ iss }),
  ]),
  ...each<unknown>(['', null, 12, false, [], [party], {}, '\udc00'], (sub) => [
    `T-22 JG-04 sub ${shown(sub)}`,
    'claim_malformed',
    withClaims({ sub }),
  ]),
  ...each<unknown>(['', null, 1, true, [], ['a'], {}, 'a\ud800'], (jti) => [
    `T-25 JW-19 jti ${shown(jti)}`,
    'claim_malformed',
    withClaims({ jti }),
  ]),
  ...each<unknown>(['', null, 1, true, [], [''], [null], [1], [[issuer]], { 0: issuer }, {}, [issuer, 1], '\ud800'], (aud) => [
    `T-19 T-20 JG-05 JW-11 aud ${shown(aud)}`,
    'claim_malformed',
    withClaims({ aud }),
  ]),
  ...each<unknown>(
    [
      `${issuer}/`,
      `${issuer}.`,
      'https://AS.example.com',
      'HTTPS://as.example.com',
      'http://as.example.com',
      `${issuer}:443`,
      `${issuer}.evil.example`,
      `${issuer}@evil.example`,
      `${issuer}#`,
      `${issuer}?`,
      `${issuer}\0`,
      ` ${issuer}`,
      'https://as.example.co',
      'https://%61s.example.com',
      'https://\u0430s.example.com',
      'as.example.com',
      party,
      other,
      `${tokenEndpointUrl}/`,
      `${tokenEndpointUrl}?a=b`,
      [issuer, other],
      [other, issuer],
      [issuer, issuer],
      [issuer, tokenEndpointUrl],
      [other],
    ],
    (aud) => [`T-19 T-20 JG-05 BI-01 BI-05 aud ${shown(aud)}`, audience, withClaims({ aud })],
  ),
  ...each(
    [
      `${party}/`,
      'https://PARTY.example',
      'HTTPS://party.example',
      `${party}:443`,
      'https://party.exampl',
      `${party}.evil`,
      party.slice(1),
      ` ${party}`,
      'constructor',
      '__proto__',
      'toString',
      'x',
    ],
    (iss): Row => [`T-21 JG-03 iss ${shown(iss)}`, unknown, withClaims({ iss })],
  ),
  ...each([`${party}\0`, 'https://p\u0430rty.example', `${party}\r\n`, 'p\u00e4rty'], (iss): Row => {
    return [`T-21 iss ${shown(iss)}`, { grant: 'issuer_untrusted', client: 'client_id_malformed' }, withClaims({ iss })]
  }),
  ['T-67 a signer that is switched off', { grant: 'issuer_disabled', client: 'client_disabled' }, withClaims({ iss: disabled })],
  ['T-14 jti of 257 characters', 'claim_too_large', withClaims({ jti: 'j'.repeat(257) })],
  ['T-14 iss of 1025 characters', 'claim_too_large', withClaims({ iss: 'i'.repeat(1025) })],
  ['T-14 sub of 1025 characters', 'claim_too_large', withClaims({ sub: 's'.repeat(1025) })],
  ...['exp', 'nbf', 'iat'].flatMap((name): Row[] => [
    ...each<unknown>(['', String(frozen), 'NaN', null, true, [], [frozen], {}, -1, -0.5], (value) => [
      `T-17 T-18 JW-17 ${name} ${shown(value)}`,
      'claim_malformed',
      withClaims({ [name]: value }),
    ]),
    [`T-17 T-18 JW-17 ${name} 1e999`, 'claim_malformed', withRaw(`"${name}":1e999`, { [name]: undefined })],
    [`T-17 T-18 JW-17 ${name} -1e999`, 'claim_malformed', withRaw(`"${name}":-1e999`, { [name]: undefined })],
    [`JW-18 ${name} in milliseconds`, 'exp_in_ms', withClaims({ [name]: frozen * 1000 })],
    [`T-17 ${name} 9007199254740993`, 'exp_in_ms', withRaw(`"${name}":9007199254740993`, { [name]: undefined })],
    [`${name} NaN is no JSON`, 'jwt_malformed', withRaw(`"${name}":NaN`, { [name]: undefined })],
    [`${name} with a leading zero is no JSON`, 'jwt_malformed', withRaw(`"${name}":01`, { [name]: undefined })],
  ]),
  ...each([0, 1.5, frozen - 3600, frozen - 11, frozen - 10], (exp): Row => {
    return [`T-17 T-18 JG-06 JW-16 exp ${exp}, now ${frozen}`, 'expired', withClaims({ exp })]
  }),
  ['T-17 a fraction of a second is no help', 'expired', withClaims({ exp: frozen - 9.01 })],
  ...each([frozen + 11, frozen + 10.5, frozen + 61, frozen + 1e6], (nbf): Row => {
    return [`T-18 JG-07 nbf ${nbf}, now ${frozen}`, 'not_yet_valid', withClaims({ nbf })]
  }),
  ...each([frozen + 11, frozen + 10.5, frozen + 61], (iat): Row => {
    return [`T-18 JG-08 iat ${iat}, now ${frozen}`, 'iat_future', withClaims({ iat, exp: frozen + 90 })]
  }),
  ['T-17 JG-06 exp 3611 s ahead', 'lifetime_too_long', withClaims({ exp: frozen + 3611 })],
  ['T-18 exp 3611 s ahead, no iat', 'lifetime_too_long', withClaims({ exp: frozen + 3611, iat: undefined })],
  ['T-18 exp in a year', 'lifetime_too_long', withClaims({ exp: frozen + 31_536_000 })],
  ['T-18 JG-08 iat a day ago', 'lifetime_too_long', withClaims({ iat: frozen - 86_400 })],
  ['T-18 iat 0', 'lifetime_too_long', withClaims({ iat: 0 })],
  ...each(['iss', 'sub', 'aud', 'exp', 'jti', 'iat'], (name): Row => {
    return [`T-23 JW-03 two ${name}`, 'duplicate_member', () => sign(text(header()), text(claims()).replace('{', `{"${name}":"x",`))]
  }),
  ['T-23 two equal iss', 'duplicate_member', withRaw(`"iss":"${party}"`)],
  ['T-23 two sub, one escaped', 'duplicate_member', withRaw('"s\\u0075b":"admin"')],
  ['T-23 two members deep inside', 'duplicate_member', withRaw('"cnf":[{"a":{"b":1,"b":1}}]')],
  ['T-23 two empty names', 'duplicate_member', withRaw('"":1,"":2')],
  ['T-23 the first value is an object', 'duplicate_member', withRaw('"x":{"y":{"z":1}},"x":1')],
  ...each(['null', '[]', '1', '"x"', 'true', '', ' ', '{', '{"iss":"a"', '{}{}', '[{}]', 'undefined'], (raw): Row => {
    return [`T-25 JW-02 payload ${shown(raw)}`, 'jwt_malformed', withPayload(raw)]
  }),
  ['T-25 JW-02 payload with BOM', 'jwt_malformed', withPayload(() => bom + text(claims()))],
  ['T-25 payload with a comment', 'jwt_malformed', withPayload(() => `${text(claims())}/**/`)],
  ['T-25 payload with a NUL behind', 'jwt_malformed', withPayload(() => `${text(claims())}\0`)],
  ['T-25 JW-02 payload is not UTF-8', 'jwt_malformed', () => sign(text(header()), Buffer.from(text(claims({ x: '\xff' })), 'latin1'))],
  ['T-25 JW-02 overlong UTF-8', 'jwt_malformed', () => sign(text(header()), Buffer.from(text(claims({ x: '\xc0\x80' })), 'latin1'))],
  ['T-25 a surrogate in UTF-8', 'jwt_malformed', () => sign(text(header()), Buffer.from(text(claims({ x: '\xed\xa0\x80' })), 'latin1'))],
  ['T-25 JW-02 payload in UTF-16', 'jwt_malformed', () => sign(text(header()), Buffer.from(text(claims()), 'utf16le'))],
  [
    'T-25 iss nested 2000 deep',
    'claim_malformed',
    () => sign(text(header()), text({ ...claims(), iss: undefined }).replace('{', `{"iss":${nested(2000)},`)),
  ],
  ['T-25 the whole payload nested 2500 deep', 'jwt_malformed', withPayload(nested(2500))],
  ['T-25 nested without an end', 'jwt_malformed', withPayload('{"a":'.repeat(1000))],
  ['T-26 an ID token of ours: iss is this server', unknown, withClaims({ iss: issuer, sub: issuer })],
  ['T-26 a client assertion for another server', audience, withClaims({ aud: 'https://other-as.example/token' })],
  ['T-26 an access token of ours', wrongType, withHeader({ typ: 'at+jwt' })],
]

const badForStrict: Row[] = [
  [
    'T-03 JW-05 RS256 where ES256 is registered',
    'alg_not_registered',
    () => sign(text({ alg: 'RS256', kid: rs256.kid, typ: 'JWT' }), text(claims({ iss: strict })), rs256),
  ],
  [
    'T-16 no jti where it is required',
    'jti_missing',
    () => sign(text(header({ typ: 'JWT' })), text(claims({ iss: strict, jti: undefined }))),
  ],
  [
    'lifetime above the registered one',
    'lifetime_too_long',
    () => sign(text(header({ typ: 'JWT' })), text(claims({ iss: strict, exp: frozen + 71 }))),
  ],
]

const rows = [...badHeaders, ...badTexts, ...badSignatures, ...badClaims, ...badForStrict]

/** Reasons that are found before anything is looked up: neither hook nor key set is asked (T-14). */
const registered = new Set<Reason>(checksOfRegistration.map(({ reason }) => reason))
const isBeforeLookup = (reason: Reason, use: 'grant' | 'client') =>
  (use === 'client' && reason === 'sub_missing') ||
  (reason in assertionRefusals && assertionRefusals[reason as AssertionReason] !== null && !registered.has(reason)) ||
  reason === 'client_identity_mismatch' ||
  reason === 'client_id_malformed'

const wireText = (reason: Reason, use: 'grant' | 'client') =>
  reason in refusals
    ? refusals[reason as keyof typeof refusals][2]
    : (assertionRefusals[reason as AssertionReason] ?? assertionUses[use][2])

afterAll(() => {
  clock.mockRestore()
  trap.close()
})

describe('the table', () => {
  it('has more than a hundred rows, each with a name of its own', () => {
    expect(rows.length).toBeGreaterThan(100)
    expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length)
  })

  it('is about JWTs that arrive: none is so long that the parameter is refused', () => {
    for (const [name, , jwt] of rows) expect([name, jwt().length <= 8192]).toEqual([name, true])
  })
})

describe.each(anyExpress)('a JWT on %s', (_, express) => {
  const spent: string[] = [] // what stays used up when the request is over
  const memory = memoryReplayStore()
  const replayStore: ReplayStore = {
    consume(key, ...marker) {
      spent.push(key)
      return memory.consume(key, ...marker)
    },
    release(key) {
      spent.splice(spent.indexOf(key), 1)
      return memory.release?.(key)
    },
  }
  const world = startWorld(express, {
    options: { replayStore, clientAuthMethods: ['private_key_jwt'] }, // with client_secret_jwt, HS256 would be looked up
    hooks: {
      findClient: (id) => clients.get(id),
      findIssuer: (iss) => issuers.get(iss),
      authorizeGrant: ({ sub }) => ({ subject: sub }),
    },
  })
  /** Sends a form with strict encoding, and tells what the client and the event say. */
  const send = async (form: Record<string, string>, headers: Record<string, string> = {}) => {
    spent.length = 0
    const before = { ...world.calls }
    const { status, body } = await world.post(new URLSearchParams(form).toString(), headers)
    const lookups = (world.calls.findClient ?? 0) + (world.calls.findIssuer ?? 0) - (before.findClient ?? 0) - (before.findIssuer ?? 0)
    return { status, error: body.error, text: body.error_description, reason: world.last().reason, spent: spent.length, lookups, body }
  }
  const asGrant = (jwt: string, headers?: Record<string, string>) => send(grantRequest(jwt, {}), headers)
  const asClient = (jwt: string, headers?: Record<string, string>) => send(clientCredentials(byJwt(jwt)), headers)

  beforeAll(async () => {
    // the JWT from which every row departs is good
    expect(await asGrant(good())).toMatchObject({ status: 200, spent: 1 })
    expect(await asClient(good())).toMatchObject({ status: 200, spent: 1 })
  })
  afterAll(() => {
    expect(visits).toBe(0)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  describe('AF-07 AF-10 JC-04 JG-12 JG-13 is refused in both roles, and not spent', () => {
    it.each(rows)('%s', async (_name, reason, jwt) => {
      const token = jwt()
      const reasons = typeof reason === 'string' ? { grant: reason, client: reason } : reason
      expect(await asGrant(token)).toMatchObject({
        status: 400,
        error: 'invalid_grant',
        reason: reasons.grant,
        text: wireText(reasons.grant, 'grant'),
        spent: 0,
        lookups: isBeforeLookup(reasons.grant, 'grant') ? 0 : 1,
      })
      expect(await asClient(token)).toMatchObject({
        status: 401,
        error: 'invalid_client',
        reason: reasons.client,
        text: wireText(reasons.client, 'client'),
        spent: 0,
        lookups: isBeforeLookup(reasons.client, 'client') ? 0 : 1,
      })
    })
  })

  describe('is no JWT for us: the parameter itself is refused (invalid_request)', () => {
    const shapes: [string, Reason, (token: string) => string][] = [
      ['T-12 T-33 JW-01 a newline behind', 'parameter_malformed', (t) => `${t}\n`],
      ['T-12 T-33 CRLF within', 'parameter_malformed', (t) => t.replace('.', '.\r\n')],
      ['T-33 a tab in front', 'parameter_malformed', (t) => `\t${t}`],
      ['T-33 NUL behind', 'parameter_malformed', (t) => `${t}\0`],
    ]
    it.each(shapes)('%s', async (_name, reason, spoil) => {
      const answer = { status: 400, error: 'invalid_request', reason, spent: 0, lookups: 0 }
      expect(await asGrant(spoil(good()))).toMatchObject(answer)
      expect(await asClient(spoil(good()))).toMatchObject(answer)
    })

    it.each<[string, (token: string) => string]>([
      ['T-14 more than 8192 characters, of whole bytes', (t) => t + 'AAAA'.repeat(Math.ceil((8193 - t.length) / 4))],
      ['T-14 a payload of 20 kB', () => withClaims({ x: 'x'.repeat(20_000) })()],
    ])('%s', async (_name, spoil) => {
      const answer = { status: 400, error: 'invalid_request', reason: 'parameter_too_large', spent: 0 }
      expect(await asGrant(spoil(good()))).toMatchObject({ ...answer, lookups: 1 }) // an issuer may have a limit of its own
      expect(await asClient(spoil(good()))).toMatchObject({ ...answer, lookups: 0 })
    })

    it('T-11 AF-02 AF-08 an empty value is no value', async () => {
      expect(await asGrant('')).toMatchObject({ status: 400, error: 'invalid_request', reason: 'missing_parameter' })
      expect(await asClient('')).toMatchObject({ status: 400, error: 'invalid_request', reason: 'incomplete_client_assertion' })
    })
  })

  describe('is accepted in both roles', () => {
    const signedWith =
      (pair: Pair, alg = pair.alg) =>
      () =>
        sign(text({ alg, kid: pair.kid }), text(claims()), pair)
    const twins: [string, () => string][] = [
      ...[es256, es384, eddsa, rs256, ...rsaKeys].map((pair): [string, () => string] => [`JG-15 ${pair.alg}`, signedWith(pair)]),
      ['JW-07 Ed25519, the other name of EdDSA', signedWith(eddsa, 'Ed25519')],
      ...[undefined, 'JWT', 'jwt', 'Jwt', 'JOSE', 'application/jwt', 'APPLICATION/JWT', 'application/jose'].map(
        (typ): [string, () => string] => [`T-09 JW-15 BI-07 typ ${shown(typ)}`, withHeader({ typ })],
      ),
      ['T-19 BI-02 aud in an array of one', withClaims({ aud: [issuer] })],
      ['T-17 JW-17 exp with a fraction', withClaims({ exp: frozen + 30.5 })],
      ['T-17 exp with an exponent', withRaw('"exp":190000003e1', { exp: undefined })],
      ['T-18 exp 9 s ago, within the tolerance', withClaims({ exp: frozen - 9 })],
      ['T-18 nbf 10 s ahead, within the tolerance', withClaims({ nbf: frozen + 10 })],
      ['T-18 X-08 iat 10 s ahead, within the tolerance', withClaims({ iat: frozen + 10 })],
      ['T-18 nbf with a fraction', withClaims({ nbf: frozen - 0.25 })],
      ['JG-08 no iat', withClaims({ iat: undefined })],
      ['exp 310 s ahead: maxLifetime of a grant and the tolerance', withClaims({ exp: frozen + 310 })],
      ['JW-24 no kid: the keys that fit alg are tried', withHeader({ kid: undefined })],
      ['T-14 jti as long as allowed', withClaims(() => ({ jti: freshJti().padEnd(256, 'j') }))],
      ['JG-10 claims that nobody knows', withClaims({ azp: 'x', nonce: 1, act: { sub: 'y' }, list: [1, [2], {}] })],
      ['JG-10 header parameters that nobody knows', withHeader({ x5t: 'AAAA', 'x5t#S256': 'AAAA', cty: 'json', foo: { bar: 1 } })],
      ['T-24 __proto__ is a name like any other', withRaw('"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}')],
      ['T-24 __proto__ in the header', () => sign(`{"alg":"ES256","kid":"k1","__proto__":{"polluted":true}}`, text(claims()))],
      ['T-23 one name in two objects', withRaw('"a":{"x":1,"iss":"y"},"b":[{"x":1},{"x":2}]')],
      ['T-23 colons, quotes and braces within strings', withRaw('"a":"\\":\\"{:}\\\\","b\\\\":":"')],
      ['T-25 a claim nested 2000 deep', withRaw(`"x":${nested(2000)}`)],
      ['T-25 white space within the JSON', () => sign(JSON.stringify(header(), null, 2), JSON.stringify(claims(), null, '\t'))],
      ['T-25 letters beyond ASCII', withClaims({ name: 'Zo\u00eb \ud83d\ude00' })],
      ['T-12 spare bytes, canonically written', unaligned],
      ['T-13 JW-22 the twin of an ECDSA signature', () => ecdsaTwin(good())],
      [
        'T-14 a header of 2048 bytes',
        () => {
          const empty = text(header({ x: '' })).length
          return sign(text(header({ x: 'x'.repeat(2048 - empty) })), text(claims()))
        },
      ],
    ]
    it.each(twins)('%s', async (_name, jwt) => {
      expect(await asGrant(jwt())).toMatchObject({ status: 200, body: { scope: 'read' }, spent: 1 })
      expect(await asClient(jwt())).toMatchObject({ status: 200, body: { scope: 'read' }, spent: 1 })
    })

    it('T-16 by a signer whose registration says more', async () => {
      const jwt = () => sign(text(header({ typ: 'JWT' })), text(claims({ iss: strict, exp: frozen + 60 })))
      expect(await asGrant(jwt())).toMatchObject({ status: 200 })
      expect(await asClient(jwt())).toMatchObject({ status: 200 })
    })
  })

  describe('is judged by its role', () => {
    const refusedGrant = (reason: Reason) => ({ status: 400, error: 'invalid_grant', reason, spent: 0 })
    const refusedClient = (reason: Reason) => ({ status: 401, error: 'invalid_client', reason, spent: 0 })
    const ok = { status: 200 }
    const table: [string, () => string, grant: object, client: object][] = [
      ['T-22 AF-11 JC-03 sub is not iss', withClaims({ sub: 'alice' }), ok, refusedClient('client_identity_mismatch')],
      ['T-22 JC-03 sub is another client', withClaims({ sub: other }), ok, refusedClient('client_identity_mismatch')],
      ['BI-01 BI-03 aud is the token endpoint', withClaims({ aud: tokenEndpointUrl }), ok, refusedClient('aud_not_registered')],
      ['BI-01 BI-03 aud is [token endpoint]', withClaims({ aud: [tokenEndpointUrl] }), ok, refusedClient('aud_not_registered')],
      [
        'JW-14 BI-06 typ of client authentication',
        withHeader({ typ: 'client-authentication+jwt' }),
        refusedGrant('typ_not_registered'),
        ok,
      ],
      [
        'JW-15 the same, spelt otherwise',
        withHeader({ typ: 'application/Client-Authentication+JWT' }),
        refusedGrant('typ_not_registered'),
        ok,
      ],
      ['JW-14 BI-09 typ of a grant', withHeader({ typ: 'authorization-grant+jwt' }), ok, refusedClient('typ_not_allowed')],
      ['lifetime of an hour', withClaims({ exp: frozen + 3600 }), refusedGrant('lifetime_too_long'), ok],
      ['lifetime of an hour, counted with the tolerance', withClaims({ exp: frozen + 3610 }), refusedGrant('lifetime_too_long'), ok],
      ['lifetime above five minutes', withClaims({ exp: frozen + 311 }), refusedGrant('lifetime_too_long'), ok],
      [
        'T-16 typ where another is registered',
        () => sign(text(header()), text(claims({ iss: strict }))),
        refusedGrant('typ_not_registered'),
        ok,
      ],
      [
        'T-51 no jti: the grant is one-time all the same',
        withClaims(() => ({ jti: undefined, unique: freshJti() })),
        { ...ok, spent: 1 },
        { ...ok, spent: 0 },
      ],
    ]
    it.each(table)('%s', async (_name, jwt, grant, client) => {
      expect(await asGrant(jwt())).toMatchObject(grant)
      expect(await asClient(jwt())).toMatchObject(client)
    })

    it('T-19 aud never follows the Host header', async () => {
      const jwt = withClaims({ aud: 'https://evil.example/token' })
      const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }
      expect(await asGrant(jwt(), headers)).toMatchObject(refusedGrant('aud_not_registered'))
      expect(await asClient(jwt(), headers)).toMatchObject(refusedClient('aud_mismatch'))
      expect(await asGrant(good(), headers)).toMatchObject(ok)
    })

    it('T-22 AF-09 client_id beside the client assertion names the same client', async () => {
      const named = (client_id: string) => send(clientCredentials({ ...byJwt(good()), client_id }))
      expect(await named(other)).toMatchObject(refusedClient('client_identity_mismatch'))
      expect(await named(party)).toMatchObject(ok)
    })
  })

  describe('is honoured once', () => {
    const replayedGrant = { status: 400, error: 'invalid_grant', reason: 'jti_replayed', text: assertionUses.grant[2] }
    const replayedClient = { status: 401, error: 'invalid_client', reason: 'jti_replayed', text: assertionUses.client[2] }

    it('T-44 JG-09 as a grant, then as anything', async () => {
      const token = good()
      expect(await asGrant(token)).toMatchObject({ status: 200 })
      expect(await asGrant(token)).toMatchObject(replayedGrant)
      expect(await asClient(token)).toMatchObject(replayedClient)
    })

    it('T-47 JW-20 as a client assertion, then as anything', async () => {
      const token = good()
      expect(await asClient(token)).toMatchObject({ status: 200 })
      expect(await asGrant(token)).toMatchObject(replayedGrant)
      expect(await asClient(token)).toMatchObject(replayedClient)
    })

    it.each([
      ['T-13 with jti', good],
      ['T-13 JW-22 without jti', withClaims(() => ({ jti: undefined, unique: freshJti() }))],
    ])('the ECDSA twin does not count as another grant: %s', async (_name, jwt) => {
      const token = jwt()
      expect(ecdsaTwin(token)).not.toBe(token)
      expect(await asGrant(ecdsaTwin(token))).toMatchObject({ status: 200 })
      expect(await asGrant(token)).toMatchObject(replayedGrant)
      expect(await asGrant(ecdsaTwin(token))).toMatchObject(replayedGrant)
    })

    it('T-48 a spoilt copy that came first changes nothing', async () => {
      const token = good()
      const spoiltCopy = token.replace(/[^.]+$/, parts(good())[2])
      for (let i = 0; i < 3; i++) expect(await asGrant(spoiltCopy)).toMatchObject({ status: 400, spent: 0 })
      expect(await asGrant(token)).toMatchObject({ status: 200 })
    })

    it('T-50 still when its exp has passed, as long as the tolerance lets it through', async () => {
      const token = withClaims({ exp: frozen + 1 })()
      expect(await asGrant(token)).toMatchObject({ status: 200 })
      for (const [later, reason] of [
        [1, 'jti_replayed'],
        [10.999, 'jti_replayed'],
        [11, 'expired'],
      ] as const) {
        clock.mockReturnValue((frozen + later) * 1000)
        expect(await asGrant(token)).toMatchObject({ status: 400, reason })
      }
      clock.mockReturnValue(frozen * 1000) // stepped back
      expect(await asGrant(token)).toMatchObject({ status: 400, reason: 'jti_replayed' })
    })

    it('T-47 and its jti is free for another party', async () => {
      const jti = freshJti()
      expect(await asGrant(withClaims({ jti })())).toMatchObject({ status: 200 })
      expect(await asGrant(withClaims({ jti, iss: other }, stranger)())).toMatchObject({ status: 200 })
      expect(await asGrant(withClaims({ jti })())).toMatchObject(replayedGrant)
    })

    it('T-51 a client assertion without jti may be used until it expires', async () => {
      const token = withClaims({ jti: undefined, unique: freshJti() })()
      for (let i = 0; i < 3; i++) expect(await asClient(token)).toMatchObject({ status: 200, spent: 0 })
    })
  })

  it('T-26 JW-14 the same JWT as grant and as client assertion of one request is refused, and not spent', async () => {
    const token = good()
    const wide: Client = {
      ...(clients.get(party) as Client),
      grant_types: [CLIENT_CREDENTIALS, 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    }
    clients.set(party, wide)
    expect(await send(grantRequest(token, byJwt(token)))).toMatchObject({
      status: 400,
      error: 'invalid_grant',
      reason: 'jwt_kind_confusion',
      spent: 0,
    })
    expect(await asGrant(token)).toMatchObject({ status: 200 })
  })
})
