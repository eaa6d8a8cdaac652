import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from '@jest/globals'
import { serverOf } from '../../../lib/cli/doctor/examine.js'

it.each([
  ['/tenant', true],
  ['https://victim.example.com', false],
])('serverOf: the discovery document may name %s: %p', async (named, isAllowed) => {
  let origin = ''
  const server = createServer((_req, res) => void res.end(JSON.stringify({ issuer: new URL(named, origin).href })))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    if (isAllowed) expect(await serverOf(`${origin}/token`)).toBe(`${origin}/tenant`)
    else await expect(serverOf(`${origin}/token`)).rejects.toThrow('must be of its origin')
  } finally {
    server.close()
  }
})
