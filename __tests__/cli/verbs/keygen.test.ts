import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { calculateJwkThumbprint } from 'jose'
import { problemOfKey } from '../../../lib/assertion/keys/key-problems.js'
import { keyAlgorithms } from '../../../lib/cli/keys.js'
import { cli, temporaryFolder } from '../../support/cli.js'

const folder = temporaryFolder()
const read = (file: string) => readFileSync(file, 'utf8')
const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8)

describe('keygen', () => {
  it.each(keyAlgorithms)('makes one key as PEM, JWK and JWK Set: %s', async (alg) => {
    const out = join(folder.path, alg)
    const { code, json } = await cli(['keygen', '--alg', alg, '--out', out, '--json'])
    expect(code).toBe(0)
    const { kid, files } = json()
    const pem = createPrivateKey(read(files.private_pem))
    const jwk = JSON.parse(read(files.private_jwk))
    const { keys } = JSON.parse(read(files.jwks))
    expect(createPrivateKey({ key: jwk, format: 'jwk' }).equals(pem)).toBe(true)
    expect(createPublicKey({ key: keys[0], format: 'jwk' }).equals(createPublicKey(pem))).toBe(true)
    expect(keys).toEqual([{ ...createPublicKey(pem).export({ format: 'jwk' }), kid, alg, use: 'sig' }])
    expect(jwk).toMatchObject({ kid, alg, use: 'sig' })
    expect(kid).toBe(await calculateJwkThumbprint(keys[0], 'sha256'))
    expect(problemOfKey(keys[0])).toBeUndefined()
    expect([files.private_pem, files.private_jwk].map(modeOf)).toEqual(['600', '600'])
  })

  it('prints what it wrote, but no private key', async () => {
    const out = join(folder.path, 'printed')
    const { out: text } = await cli(['keygen', '--kid', '2026/12', '--out', out])
    expect(readdirSync(out).sort()).toEqual(['jwks.json', 'private.jwk.json', 'private.pem'])
    for (const file of readdirSync(out)) expect(text).toContain(join(out, file))
    expect(text).toContain('alg ES256, kid 2026/12')
    expect(JSON.parse(read(join(out, 'jwks.json'))).keys[0].kid).toBe('2026/12')
    expect(text).not.toContain(JSON.parse(read(join(out, 'private.jwk.json'))).d)
  })

  it('overwrites no file, and writes none if one is there; with --force it does, and the mode is right', async () => {
    const out = join(folder.path, 'taken')
    mkdirSync(out)
    writeFileSync(join(out, 'jwks.json'), 'mine')
    const refused = await cli(['keygen', '--out', out])
    expect(refused.code).toBe(2)
    expect(refused.err).toMatch(/jwks\.json must not be there: a key is never overwritten/)
    expect([readdirSync(out), read(join(out, 'jwks.json'))]).toEqual([['jwks.json'], 'mine'])

    writeFileSync(join(out, 'private.pem'), 'mine', { mode: 0o644 })
    expect((await cli(['keygen', '--out', out, '--force'])).code).toBe(0)
    expect(modeOf(join(out, 'private.pem'))).toBe('600')
    expect(read(join(out, 'private.pem'))).toContain('PRIVATE KEY')
  })

  it('does not write through a link that somebody put there', async () => {
    const target = folder.write('target', 'mine')
    for (const [name, to] of [
      ['linked', target],
      ['dangling', join(folder.path, 'nowhere')],
    ] as const) {
      const out = join(folder.path, name)
      mkdirSync(out)
      symlinkSync(to, join(out, 'private.pem'))
      expect((await cli(['keygen', '--out', out])).code).toBe(2)
      expect((await cli(['keygen', '--out', out, '--force'])).code).toBe(0)
    }
    expect(read(target)).toBe('mine')
    expect(readdirSync(folder.path)).not.toContain('nowhere')
  })

  it('says which algorithms there are', async () => {
    const { code, err } = await cli(['keygen', '--alg', 'HS256', '--out', folder.path])
    expect([code, err]).toEqual([2, expect.stringContaining(keyAlgorithms.join(', '))])
  })
})
