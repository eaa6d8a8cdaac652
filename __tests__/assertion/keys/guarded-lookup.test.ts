/** What names resolve to is told by the test here: nobody is asked, and nothing may be connected to. */

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals'

type Address = { address: string; family: number }
const dns = { answer: [] as Address[] | Error, asked: [] as string[] }
jest.unstable_mockModule('node:dns', () => ({
  lookup: (name: string, options: { all?: boolean }, callback: (error: Error | null, addresses?: Address[]) => void) => {
    dns.asked.push(name)
    expect(options.all).toBe(true)
    process.nextTick(() => (dns.answer instanceof Error ? callback(dns.answer) : callback(null, dns.answer)))
  },
}))
const { fetchJson } = await import('../../../lib/assertion/keys/guarded-fetch.js')

let connections = 0
const listener = createServer((socket) => {
  connections++
  socket.destroy()
}).listen(0)
const { port } = listener.address() as AddressInfo
afterAll(() => void listener.close())
beforeEach(() => {
  dns.asked.length = 0
})

const v4 = (address: string): Address => ({ address, family: 4 })
const v6 = (address: string): Address => ({ address, family: 6 })
const fetchName = (allowPrivate = false) => fetchJson(`https://keys.example:${port}/jwks`, allowPrivate)

describe('a name that does not lead to public addresses alone (T-54 JW-13)', () => {
  it.each([
    ['loopback', [v4('127.0.0.1')]],
    ['loopback in IPv6', [v6('::1')]],
    ['private', [v4('10.1.2.3')]],
    ['the metadata service of a cloud', [v4('169.254.169.254')]],
    ['IPv4-mapped loopback', [v6('::ffff:127.0.0.1')]],
    ['NAT64 loopback', [v6('64:ff9b::7f00:1')]],
    ['a public address first, then loopback', [v4('8.8.8.8'), v4('127.0.0.1')]],
    ['loopback first, then a public address', [v6('::1'), v6('2606:4700:4700::1111')]],
    ['no address', []],
    ['nonsense', [v4('localhost')]],
  ] as [string, Address[]][])('%s: is refused before anything is connected to', async (_, addresses) => {
    dns.answer = addresses
    await expect(fetchName()).rejects.toMatchObject({ reason: 'jwks_blocked' })
    expect(dns.asked).toEqual(['keys.example'])
    expect(connections).toBe(0)
  })

  it('a name that does not resolve is a server that does not answer', async () => {
    dns.answer = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    await expect(fetchName()).rejects.toMatchObject({ reason: 'jwks_unavailable' })
  })
})
