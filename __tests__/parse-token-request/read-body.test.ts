import { once } from 'node:events'
import { createServer, IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { readBody } from '../../lib/parse-token-request/read-body.js'
import type { Request } from '../../lib/pipeline/transaction.js'

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
  [
    'a stream that makes a byte whenever it is asked',
    (body) => {
      let made = 0
      return new Readable({
        read() {
          this.push(made < body.length ? body.subarray(made, ++made) : null)
        },
      }) as Request
    },
  ],
]

/** A stream of so many bytes, and how many of them it has made. */
function streamOf(total: number) {
  const piece = Buffer.alloc(64 * 1024)
  const stream = { made: 0, req: undefined as unknown as Request }
  stream.req = new Readable({
    read() {
      setImmediate(() => {
        stream.made += piece.length
        this.push(stream.made > total ? null : piece)
      })
    },
  }) as Request
  return stream
}

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

  it.each(['g', 'grant_type=x', 'x'.repeat(100), 'x'.repeat(101)])('gives %j back', async (text) => {
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
    await expect(readBody(make(Buffer.alloc(101)), 100, () => kept)).rejects.toMatchObject({ reason: 'body_too_large' })
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
    await expect(readBody(req, 100, () => kept)).rejects.toMatchObject({ reason: 'client_gone' }) // has closed long ago
  })

  it('T-79: takes the body of a stream that was reset for no body', async () => {
    const req = Object.assign(make(Buffer.from('x')), { aborted: true })
    await expect(readBody(req, 100, () => kept)).rejects.toMatchObject({ reason: 'client_gone' })
  })
})

describe('TE-15: a body that is too large', () => {
  const MiB = 1024 * 1024
  it.each([64 * 1024, MiB / 2, MiB])('is read to its end, so that its sender reads the answer: %i bytes', async (total) => {
    const stream = streamOf(total)
    await expect(readBody(stream.req, 100, () => kept)).rejects.toMatchObject({
      reason: 'body_too_large',
      evidence: { seen: { more_than_bytes: 100 }, wanted: { at_most: 100 } },
    })
    expect(stream.req.readableEnded).toBe(true)
  })

  it('is read no further than a mebibyte', async () => {
    const stream = streamOf(8 * MiB)
    await expect(readBody(stream.req, 100, () => kept)).rejects.toMatchObject({ reason: 'body_too_large' })
    expect(stream.made).toBeGreaterThan(MiB)
    expect(stream.made).toBeLessThan(2 * MiB)
  })

  it('is decided about as soon as it is too large', async () => {
    const stream = streamOf(MiB)
    let made = 0
    const settle = () => {
      made = stream.made
      return kept
    }
    await expect(readBody(stream.req, 100, settle)).rejects.toMatchObject({ reason: 'body_too_large' })
    expect(made).toBeLessThan(MiB / 2)
  })
})

it.each([undefined, new Error('hunter2')])('T-36: a stream that is destroyed in mid-body is no whole body: %s', async (error) => {
  const req = new Readable({ read() {} }) as Request
  req.push('grant_type=x')
  const outcome = readBody(req, 100, () => kept)
  setImmediate(() => req.destroy(error))
  await expect(outcome).rejects.toMatchObject({ reason: 'client_gone' })
})

type Handler = (req: IncomingMessage) => unknown
/** What `handler` makes of the requests that `write` writes. */
async function answerOf(handler: Handler, write: (socket: Socket) => unknown): Promise<unknown[]> {
  const answers: unknown[] = []
  const server = createServer(async (req, res) => {
    answers.push(await handler(req))
    res.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay(true)
  await write(socket)
  await socket.toArray()
  server.close()
  return answers
}

const chunked = (...pieces: string[]) => pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`)
const head = (framing: string, connection = 'close') => `POST / HTTP/1.1\r\nHost: a\r\nConnection: ${connection}\r\n${framing}\r\n\r\n`
const text = 'grant_type=password&username=€&password=x'
const length = `Content-Length: ${Buffer.byteLength(text)}`

const arrivals: [string, (socket: Socket) => unknown][] = [
  ['with its headers', (socket) => socket.write(head(length) + text)],
  [
    'after its headers',
    async (socket) => {
      socket.write(head(length))
      await delay(10)
      socket.write(text)
    },
  ],
  [
    'byte by byte',
    async (socket) => {
      socket.write(head(length))
      for (const byte of Buffer.from(text)) {
        socket.write(Buffer.of(byte))
        await delay(1)
      }
    },
  ],
  [
    'in chunks, and its end later',
    async (socket) => {
      socket.write(head('Transfer-Encoding: chunked') + chunked(text.slice(0, 9), text.slice(9)).join(''))
      await delay(10)
      socket.write('0\r\n\r\n')
    },
  ],
  [
    'in chunks at once',
    (socket) => socket.write(`${head('Transfer-Encoding: chunked') + chunked(text.slice(0, 9), text.slice(9)).join('')}0\r\n\r\n`),
  ],
  [
    'when it was asked for (Expect: 100-continue)',
    async (socket) => {
      socket.write(head(`${length}\r\nExpect: 100-continue`))
      await once(socket, 'readable')
      socket.write(text)
    },
  ],
]

/** What the host does before the suite runs. */
const before: [string, (req: IncomingMessage) => unknown][] = [
  ['nothing', () => {}],
  ['a slow look-up', () => delay(30)],
  ['pause', (req) => void req.pause()],
  ['pause and a slow look-up', (req) => delay(30, req.pause())],
  ['setEncoding', (req) => void req.setEncoding('utf8')],
]

const textOfPieces = (pieces: (Buffer | string)[]) => Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString()
const byEvents = (req: IncomingMessage) =>
  new Promise<string>((resolve) => {
    const pieces: (Buffer | string)[] = []
    req.on('data', (piece) => pieces.push(piece)).on('end', () => resolve(textOfPieces(pieces)))
    if (req.isPaused()) req.resume()
  })
/** How the host's handler reads. */
const readers: [string, (req: IncomingMessage) => Promise<string>][] = [
  ['events', byEvents],
  ['iteration', async (req) => textOfPieces(await req.toArray())],
  [
    '`readable`',
    (req) =>
      new Promise((resolve) => {
        const pieces: (Buffer | string)[] = []
        req.on('readable', () => {
          for (let piece = req.read(); piece !== null; piece = req.read()) pieces.push(piece)
        })
        req.on('end', () => resolve(textOfPieces(pieces)))
      }),
  ],
  [
    'a pipe',
    async (req) => {
      const through = new PassThrough()
      if (req.isPaused()) req.resume()
      return textOfPieces(await req.pipe(through).toArray())
    },
  ],
  ['events, later', (req) => delay(20).then(() => byEvents(req))],
]

const givenBack = { value: 'form', becomes: 'given-back' } as const
const heard = ['readable', 'data', 'end', 'close', 'error']

describe.each(arrivals)('readBody of a body that arrives %s', (_, write) => {
  it.each(before)('after %s: keeps all of it', async (_, prepare) => {
    const answers = await answerOf(async (req) => {
      await prepare(req)
      const seen: unknown[] = []
      await readBody(req, 100, (body, complete) => {
        seen.push(body.toString(), complete)
        return kept
      })
      return seen
    }, write)
    expect(answers).toEqual([[text, true]])
  })

  describe.each(readers)('gives it back to a handler that reads by %s', (_, reader) => {
    it.each(before)('after %s', async (_, prepare) => {
      const answers = await answerOf(async (req) => {
        const waited = prepare(req)
        if (waited) await waited
        const listeners = () => [...heard.map((name) => req.listenerCount(name)), req.isPaused()]
        const earlier = listeners()
        await readBody(req, 100, () => givenBack)
        expect(listeners()).toEqual(earlier)
        return reader(req)
      }, write)
      expect(answers).toEqual([text])
    })
  })

  it('shows each byte once to a listener in front, whoever reads behind', async () => {
    for (const settled of [kept, givenBack]) {
      const answers = await answerOf(async (req) => {
        const inFront = byEvents(req)
        await readBody(req, 100, () => settled)
        return settled === kept ? inFront : Promise.all([inFront, byEvents(req)])
      }, write)
      expect(answers).toEqual([settled === kept ? text : [text, text]])
    }
  })

  it('gives back what is larger than the limit while the rest still comes', async () => {
    const answers = await answerOf(async (req) => {
      const seen: unknown[] = []
      await readBody(req, 10, (body, complete) => {
        seen.push(body.toString(), complete)
        return givenBack
      })
      return [...seen, await byEvents(req)]
    }, write)
    expect(answers).toEqual([[text.slice(0, 10), false, text]])
  })
})

it.each(['latin1', 'hex', 'utf8'] as const)('reads a stream whose encoding is %s, and gives it back in that', async (encoding) => {
  const write = (socket: Socket) => socket.write(head(length) + text)
  for (const settled of [kept, givenBack]) {
    const answers = await answerOf(async (req) => {
      req.setEncoding(encoding)
      const seen: string[] = []
      await readBody(req, 100, (body) => {
        seen.push(body.toString())
        return settled
      })
      return [...seen, ...(await req.toArray())]
    }, write)
    expect(answers).toEqual([settled === kept ? [text] : [text, Buffer.from(text).toString(encoding)]])
  }
})

it('T-36: gives pipelined bodies back, each to its own request', async () => {
  const answers = await answerOf(
    async (req) => {
      await readBody(req, 100, () => givenBack)
      return byEvents(req)
    },
    (socket) => socket.write(`${head(length, 'keep-alive') + text}${head('Content-Length: 3', 'keep-alive')}a=b${head(length)}${text}`),
  )
  expect(answers).toEqual([text, 'a=b', text])
})

it.each([
  ['is reset', (socket: Socket) => void socket.resetAndDestroy()],
  ['is closed', (socket: Socket) => void socket.destroy()],
])('T-36 T-79: a connection that %s in mid-body is no whole body', async (_, leave) => {
  const settle = () => {
    throw new Error('there is no body to settle')
  }
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const outcome = once(server, 'request').then(([req]) => readBody(req, 100, settle))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  socket.write(head(length) + text.slice(0, 20), () => setTimeout(leave, 10, socket))
  await expect(outcome).rejects.toMatchObject({ reason: 'client_gone' })
  server.close()
})

it('reads all of a body that arrived in pieces, even if somebody in front has made the stream flow', async () => {
  const pieces = ['grant_type=x&client_id=y', '&client_assertion=', 'z']
  const seen: string[] = []
  const answers = await answerOf(
    async (req) => {
      await delay(100)
      req.on('data', () => {}) // as a logger of bodies does
      await readBody(req, 100, (body) => {
        seen.push(body.toString())
        return kept
      })
    },
    (socket) => socket.write(`${head('Transfer-Encoding: chunked') + chunked(...pieces).join('')}0\r\n\r\n`),
  )
  expect(answers).toHaveLength(1)
  expect(seen).toEqual([pieces.join('')])
})
