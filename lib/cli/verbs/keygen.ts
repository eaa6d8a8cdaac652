import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keyPair } from '../../testing/signer.js'
import { UsageError } from '../io.js'
import { keyAlgorithms, signingKey } from '../keys.js'
import { commandName, type Verb } from '../verb.js'

/** Writes all files or none. A file that is there stays, unless `force` is set. */
async function writeFiles(
  folder: string,
  files: readonly { name: string; text: string; mode: number }[],
  force: boolean,
): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const paths = files.map(({ name }) => join(folder, name))
  const taken = paths.filter((path) => existsSync(path))
  if (taken.length > 0 && !force)
    throw new UsageError(`${taken.join(', ')} must not be there: a key is never overwritten. Choose another --out, or write --force.`)
  for (const [index, { text, mode }] of files.entries()) {
    const path = paths[index] as string
    if (force) await rm(path, { force }) // a new file, so that it gets the mode
    await writeFile(path, text, { mode, flag: 'wx' })
  }
  return paths
}

export const keygen: Verb = {
  name: 'keygen',
  summary: 'Make a key pair: a private PEM and JWK for the signer, a public JWK Set to register',
  args: [],
  flags: {
    alg: { value: 'ALG', about: `one of ${keyAlgorithms.join(', ')}`, default: 'ES256' },
    kid: { value: 'ID', about: 'the kid of the key; without it, its thumbprint (RFC 7638)' },
    out: { value: 'FOLDER', about: 'where the files are written', default: '.' },
    force: { about: 'overwrite files' },
  },
  about: [
    'It writes private.pem and private.jwk.json, which only you may read (mode 0600), and jwks.json, which is public. RSA keys have 2048 bits.',
  ],
  examples: [`${commandName} keygen --out keys`, `${commandName} keygen --alg RS256 --kid 2026-12 --out keys`],
  async run(input) {
    const alg = input.demand('alg')
    if (!keyAlgorithms.includes(alg)) throw new UsageError(`--alg must be one of ${keyAlgorithms.join(', ')}.`)
    const { key, kid, publicJwk } = signingKey(keyPair(alg).privateKey, { alg, kid: input.text('kid') })
    const privateJwk = { ...publicJwk, ...key.export({ format: 'jwk' }) }
    const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`
    const files = [
      { name: 'private.pem', text: key.export({ type: 'pkcs8', format: 'pem' }) as string, mode: 0o600 },
      { name: 'private.jwk.json', text: json(privateJwk), mode: 0o600 },
      { name: 'jwks.json', text: json({ keys: [publicJwk] }), mode: 0o644 },
    ]
    const [pem, jwk, jwks] = await writeFiles(input.demand('out'), files, input.has('force'))
    const text = [
      `${pem}  private key, keep it secret`,
      `${jwk}  the same key as JWK, with its kid`,
      `${jwks}  public key, register it`,
      '',
      `alg ${alg}, kid ${kid}`,
    ].join('\n')
    return { code: 0, json: { alg, kid, files: { private_pem: pem, private_jwk: jwk, jwks } }, text }
  },
}
