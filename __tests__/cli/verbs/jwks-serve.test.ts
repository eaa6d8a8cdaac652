import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { cli, temporaryFolder } from '../../support/cli.js'
import { ec, rsa } from '../../support/keys.js'

const folder = temporaryFolder()
const [one, other] = [ec('one'), rsa('other')].map(({ privateKey, kid, alg }) =>
  folder.write(`${kid}.jwk.json`, { ...privateKey.export({ format: 'jwk' }), kid, alg }),
) as [string, string]

/** Runs the verb until its first text is printed; then asks the address in it. */
async function served(words: string[]) {
  const stop = new AbortController()
  let answer: { status: number; type: string | null; keys: Record<string, unknown>[] } | undefined
  const ran = await cli(['jwks-serve', ...words], {
    stop: stop.signal,
    onOut: async (text) => {
      const [url = ''] = /http:[^"\s]+/.exec(text) ?? []
      const response = await fetch(url)
      const { keys } = (await response.json()) as { keys: Record<string, unknown>[] }
      answer = { status: response.status, type: response.headers.get('content-type'), keys }
      stop.abort()
    },
  })
  return { ...ran, ...answer }
}

describe('jwks-serve', () => {
  it('serves the public keys on loopback until it is stopped, and then ends with 0', async () => {
    const { code, out, status, type, keys } = await served(['--key', one, '--key', other])
    expect({ code, status, type }).toEqual({ code: 0, status: 200, type: 'application/jwk-set+json' })
    expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/jwks\n {2}ES256 one\n {2}RS256 other\n$/)
    expect(keys?.map(({ kid, use }) => [kid, use])).toEqual([
      ['one', 'sig'],
      ['other', 'sig'],
    ])
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(keys?.some((key) => member in key)).toBe(false)
    await expect(fetch(out.split('\n')[0] as string)).rejects.toThrow()
  })

  it('prints JSON', async () => {
    const { json, keys } = await served(['--key', one, '--json'])
    expect(json()).toEqual({ jwks_uri: expect.stringContaining('http://127.0.0.1:'), keys })
  })

  it('ends with 2 if the port is taken, or there is no key', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const port = String((taken.address() as AddressInfo).port)
    expect(await cli(['jwks-serve', '--key', one, '--port', port])).toMatchObject({ code: 2, err: expect.stringContaining('EADDRINUSE') })
    taken.close()
    expect(await cli(['jwks-serve'])).toMatchObject({ code: 2, err: expect.stringContaining('--key must be given') })
  })
})
