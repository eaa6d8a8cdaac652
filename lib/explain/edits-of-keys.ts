/** Which single edits may mend a JWT that is signed with a wrong key or algorithm, by reason. */
import { algorithmsOf } from '../assertion/keys/key-algorithms.js'
import { algorithmNames, secretAlgorithms } from '../host/options.js'
import type { Edit, KeyResult } from './explanation.js'
import {
  draftOf,
  header,
  issuerOf,
  nameOf,
  option,
  type Proposals,
  registered,
  registrationOf,
  type Situation,
  textOf,
} from './proposals.js'
import { areFetched, ownerOf, signerOf } from './signer.js'

/** Signing with a key that is registered, or registering the key that signs. */
function keys(situation: Situation): (Edit | undefined)[] {
  const { use, keys, subject } = situation
  const name = nameOf(use)
  const alg = textOf(draftOf(situation)?.header.alg)
  const usable = keys.filter((key) => key.problem === undefined && isKeyFor(alg, key))
  const verifying = usable.find(({ verifies }) => verifies)
  const kid = draftOf(situation)?.header.kid
  const isRemote = areFetched(signerOf(use, subject))
  const signWith = usable
    .filter((key) => !key.verifies && key.thumbprint !== undefined)
    .map(
      (key): Edit => ({
        side: 'signer',
        text: `sign with the registered key ${key.kid === undefined ? '' : `\`${key.kid}\`, `}thumbprint \`${key.thumbprint}\``,
        path: `${name}.key`,
        value: key.thumbprint,
        weakens: false,
      }),
    )
  const register: Edit = {
    side: isRemote ? 'signer' : 'server',
    text: isRemote
      ? "publish the key that signed at the registered `jwks_uri`, if it is the signer's"
      : `register the public key that signed for the ${registrationOf(use)}, if it is the signer's`,
    path: `${ownerOf(use, subject)}.${isRemote ? 'jwks_uri' : 'jwks'}`,
    value: 'the public key that signed',
    weakens: true, // a JWT that somebody else signed then passes, too
  }
  return [
    verifying ? header(situation, 'kid', verifying.kid) : undefined,
    ...(verifying ? [] : signWith),
    ...(kid !== undefined && !verifying ? usable.map((key) => header(situation, 'kid', key.kid)) : []),
    verifying || !isSignatureBy(alg, subject.form[name]?.[0]) ? undefined : register,
  ]
}

/** Whether a token has a signature of the length that `alg` makes: otherwise no key can verify it. */
function isSignatureBy(alg: string, token = ''): boolean {
  const { length } = Buffer.from(token.split('.')[2] ?? '', 'base64url')
  const lengths: Readonly<Record<string, number>> = { ES256: 64, ES384: 96, ES512: 132, EdDSA: 64, Ed25519: 64 }
  return /^[RP]S/.test(alg) ? length >= 256 : length === lengths[alg]
}

const isKeyFor = (alg: string, key: KeyResult) => (key.kty === 'oct' ? secretAlgorithms : algorithmsOf(key)).includes(alg)

/** An algorithm that the signer may use and one of its keys fits. */
function algorithm(situation: Situation, allowed: readonly string[]): Edit[] {
  const { keys, use } = situation
  return keys
    .filter(({ problem, thumbprint }) => problem === undefined && thumbprint !== undefined)
    .flatMap((key) => {
      const { alg, thumbprint } = key
      const wanted = alg ?? allowed.find((name) => isKeyFor(name, key))
      if (wanted === undefined || !allowed.includes(wanted)) return []
      const text = `sign with \`${wanted}\` and the registered key of thumbprint \`${thumbprint}\``
      return [
        header(situation, 'alg', wanted),
        { side: 'signer' as const, text, path: `${nameOf(use)}.key`, value: thumbprint, weakens: false },
      ]
    })
}

export const editsOfKeys: Proposals = {
  alg_not_allowed: (s) => {
    const alg = draftOf(s)?.header.alg
    const isKnown = (algorithmNames as readonly unknown[]).includes(alg)
    return [
      ...algorithm(s, s.use === 'client' ? s.settings.clientAlgorithms : s.settings.algorithms),
      isKnown ? option('algorithms', [...s.settings.algorithms, alg]) : undefined,
    ]
  },
  auth_method_not_registered: (s) => algorithm(s, s.settings.algorithms),
  kid_malformed: (s) => [header(s, 'kid', s.keys.find(({ verifies }) => verifies)?.kid)],
  alg_not_registered: (s) => {
    const alg = textOf(draftOf(s)?.header.alg)
    if (s.use === 'client')
      return [
        ...algorithm(s, [textOf(s.subject.client?.token_endpoint_auth_signing_alg)]),
        registered(s, 'token_endpoint_auth_signing_alg', alg),
      ]
    const listed = issuerOf(s).algorithms ?? []
    return [...algorithm(s, listed), registered(s, 'algorithms', [...listed, alg])]
  },
  key_not_found: keys,
  signature_invalid: keys,
}
