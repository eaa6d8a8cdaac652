import { once } from 'node:events'
import { createServer, IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import type { Request } from '../../lib/exchange.js'
import { readBody } from '../../lib/middleware/read-body.js'

/** Requests as adapters of serverless platforms and test tools make them: no HTTP parser pushes into them. */
const lookAlikes: [string, (body: Buffer) => Request][] = [
  [
    'an IncomingMessage that makes its body when it is read',
    (body) => {
      const req = new IncomingMessage(new Readable() as Socket)
      req.complete = true
      req._read = () => {
        if (body.length > 0) req.push(body)
        req.push(null)
      }
      return req
    },
  ],
  [
    'an IncomingMessage that has its body from the start',
    (body) => {
      const req = new IncomingMessage(new Readable() as Socket)
      req.complete = true
      if (body.length > 0) req.push(body)
      req.push(null)
      return req
    },
  ],
  [
    'a stream that makes its body later',
    (body) => {
      let made = false
      return new Readable({
        read() {
          if (made) return
          made = true
          setImmediate(() => {
            if (body.length > 0) this.push(body)
            this.push(null)
          })
        },
      }) as Request
    },
  ],
]

const kept = { value: 'form', becomes: 'kept' } as const
const textOf = async (req: Request) => Buffer.concat(await req.toArray()).toString()

describe.each(lookAlikes)('readBody of %s', (_, make) => {
  it.each(['', 'grant_type=x', 'x'.repeat(100)])('keeps %j, and lets the stream end', async (text) => {
    const req = make(Buffer.from(text))
    const ended = new Promise((resolve) => req.once('end', resolve))
    const seen: unknown[] = []
    const value = await readBody(req, 100, (body, complete) => {
      seen.push(body.toString(), complete)
      return kept
    })
    await ended
    expect(value).toBe('form')
    expect(seen).toEqual([text, true])
  })

  it.each(['', 'grant_type=x', 'x'.repeat(100), 'x'.repeat(101)])('gives %j back', async (text) => {
    const req = make(Buffer.from(text))
    const seen: unknown[] = []
    const value = await readBody(req, 100, (body, complete) => {
      seen.push(body.toString(), complete)
      return { value: 'form', becomes: 'given-back' }
    })
    expect(value).toBe('form')
    expect(seen).toEqual([text.slice(0, 100), text.length <= 100])
    expect(await textOf(req)).toBe(text)
  })

  it('TE-15: refuses what is too large', async () => {
    await expect(readBody(make(Buffer.alloc(101)), 100, () => kept)).rejects.toMatchObject({ status: 413, reason: 'body_too_large' })
  })

  it('passes on what `settle` throws', async () => {
    const fault = new Error('x')
    const settle = () => {
      throw fault
    }
    await expect(readBody(make(Buffer.from('x')), 100, settle)).rejects.toBe(fault)
  })

  it('T-36: says that the sender is gone', async () => {
    const req = make(Buffer.from('x')).destroy()
    await expect(readBody(req, 100, () => kept)).rejects.toMatchObject({ reason: 'client_gone' })
  })
})

describe('readBody of a request of Node', () => {
  it.each([
    ['arrives with its headers', 0, []],
    ['arrives later', 50, ['close', 'error']],
  ])(
    'a body that %s: listeners for the end of the connection only if they are needed, since they cost as much as a dozen checks',
    async (_, later, expected) => {
      const listened: unknown[] = []
      const server = createServer((req, res) => {
        const on = req.on.bind(req)
        Object.assign(req, { on: (name: string, listener: () => void) => listened.push(name) && on(name, listener) })
        readBody(req, 100, () => kept).then((value) => res.end(value))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      const [headers, body] = ['POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\n', 'x']
      if (later === 0) socket.write(headers + body)
      else {
        socket.write(headers)
        setTimeout(() => socket.write(body), later)
      }
      const response = (await socket.toArray()).join('')
      server.close()
      expect(response).toMatch(/^HTTP\/1.1 200 /)
      expect(listened).toEqual(expected)
    },
  )
})

it('reads all of a body that arrived in pieces, even if somebody in front has made the stream flow', async () => {
  const pieces = ['grant_type=x&client_id=y', '&client_assertion=', 'z']
  const seen: string[] = []
  const server = createServer((req, res) => {
    setTimeout(() => {
      req.on('data', () => {}) // as a logger of bodies does
      const settle = (body: Buffer) => {
        seen.push(body.toString())
        return kept
      }
      readBody(req, 100, settle).then(() => res.end())
    }, 100)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (const piece of pieces) socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
  socket.write('0\r\n\r\n')
  const response = (await socket.toArray()).join('')
  server.close()
  expect(response).toMatch(/^HTTP\/1.1 200 /)
  expect(seen).toEqual([pieces.join('')])
})
