import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, describe, expect, it } from '@jest/globals'
import { tokenRequest } from '../../lib/testing/index.js'
import { expresses } from '../support/express.js'

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

/** Answers with what it was asked, and remembers the server that was asked. */
function echo() {
  const seen: Server[] = []
  const listener: RequestListener = async (req: IncomingMessage, res) => {
    seen.push((req.socket as Socket & { server: Server }).server)
    let form = ''
    for await (const chunk of req) form += chunk
    const { method, url, headers } = req
    res.statusCode = 418
    res.setHeader('X-Echo', 'yes')
    res.end(JSON.stringify({ method, url, form, type: headers['content-type'], authorization: headers.authorization }))
  }
  return { listener, seen }
}
const form = { grant_type: 'client_credentials', scope: 'a b' }
const sent = {
  method: 'POST',
  url: '/token',
  form: 'grant_type=client_credentials&scope=a+b',
  type: 'application/x-www-form-urlencoded;charset=UTF-8',
}

describe('tokenRequest', () => {
  it.each(expresses)('sends a form to an app of %s, which listens no longer', async (_, express) => {
    const { listener, seen } = echo()
    const app = express().use('/', listener as never)
    expect(await tokenRequest(app, form)).toMatchObject({ status: 418, headers: { 'x-echo': 'yes' }, body: sent })
    expect(seen.map(({ listening }) => listening)).toEqual([false])
  })

  it('sends to a server that does not listen, which listens no longer; and again', async () => {
    const { listener, seen } = echo()
    const server = createServer(listener)
    expect(await tokenRequest(server, new URLSearchParams(form))).toMatchObject({ body: sent })
    expect(await tokenRequest(server, form)).toMatchObject({ body: sent })
    expect(seen).toEqual([server, server])
    expect(server.listening).toBe(false)
  })

  it.each(['127.0.0.1', undefined])('sends to a server that listens on %s, and still does', async (host) => {
    const { listener } = echo()
    const server = createServer(listener).listen(0, host)
    servers.push(server)
    await once(server, 'listening')
    expect(await tokenRequest(server, form)).toMatchObject({ body: sent })
    expect(server.listening).toBe(true)
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/elsewhere`
    for (const target of [url, new URL(url)])
      expect(await tokenRequest(target, form)).toMatchObject({ body: { ...sent, url: '/elsewhere' } })
  })

  it('has a path and headers', async () => {
    const { body } = await tokenRequest(echo().listener, form, { path: '/oauth/token', headers: { Authorization: 'Basic YTpi' } })
    expect(body).toEqual({ ...sent, url: '/oauth/token', authorization: 'Basic YTpi' })
  })

  it('does not follow a redirect, and gives the text of an answer that is no JSON', async () => {
    const moved: RequestListener = (_req, res) => void res.writeHead(302, { Location: '/' }).end('moved')
    expect(await tokenRequest(moved, form)).toMatchObject({ status: 302, body: 'moved' })
  })

  it('rejects if there is no answer, and the app listens no longer', async () => {
    const seen: Server[] = []
    const mute: RequestListener = (req) => {
      seen.push((req.socket as Socket & { server: Server }).server)
      req.socket.destroy()
    }
    await expect(tokenRequest(mute, form)).rejects.toThrow('fetch failed')
    expect(seen.map(({ listening }) => listening)).toEqual([false])
  })

  it('ends with its signal if there is no answer', async () => {
    await expect(
      tokenRequest(
        createServer(() => {}),
        form,
        { signal: AbortSignal.timeout(50) },
      ),
    ).rejects.toThrow('aborted due to timeout')
  })
})

describe('the address at which a server is asked', () => {
  const asked = async (...where: string[]) => {
    const hosts: (string | undefined)[] = []
    const server = createServer((req, res) => {
      hosts.push(req.headers.host?.replace(/:\d+$/, ''))
      res.end('{}')
    })
    if (where.length > 0) {
      server.listen(0, ...where)
      await once(server, 'listening')
      servers.push(server)
    }
    await tokenRequest(server, form)
    return hosts
  }

  it.each<[name: string, where: string[], host: string]>([
    ['its own, on IPv4', ['127.0.0.2'], '127.0.0.2'],
    ['loopback, if it listens on all of IPv4', ['0.0.0.0'], '127.0.0.1'],
    ['loopback, if it does not listen yet', [], '127.0.0.1'],
  ])('is %s', async (_name, where, host) => expect(await asked(...where)).toEqual([host]))

  it('is written as a URL needs it, on IPv6', async () => {
    const ofFake = async (address: string, family: string) => {
      const server = Object.assign(createServer(), { address: () => ({ address, family, port: 1 }) })
      Object.defineProperty(server, 'listening', { value: true })
      const error = await tokenRequest(server, form, { signal: AbortSignal.abort() }).catch((thrown: unknown) => thrown)
      return String(error)
    }
    expect(await ofFake('::1', 'IPv6')).toMatch(/abort/i)
    const seen: string[] = []
    const before = globalThis.fetch
    globalThis.fetch = (async (url: string) => {
      seen.push(url)
      return new Response('{}')
    }) as never
    try {
      for (const [address, family] of [
        ['::1', 'IPv6'],
        ['::', 'IPv6'],
        ['0.0.0.0', 'IPv4'],
        ['192.0.2.1', 'IPv4'],
      ] as const)
        await ofFake(address, family)
    } finally {
      globalThis.fetch = before
    }
    expect(seen).toEqual(['http://[::1]:1/token', 'http://127.0.0.1:1/token', 'http://127.0.0.1:1/token', 'http://192.0.2.1:1/token'])
  })
})
