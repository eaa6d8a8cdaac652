/** HTTP as it is written here, byte by byte: no client normalises what the tests send, or hides what comes back. */
import type { Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface RawRequest {
  method?: string
  path?: string
  /** Header lines, such as `Content-Type: text/plain`. `Host` and the framing of the body are added. */
  headers?: readonly string[]
  body?: string | Buffer
  /** How the body is delimited. Default: `Content-Length`. */
  framing?: 'length' | 'chunked' | 'none'
}

export interface RawResponse {
  status: number
  /** Status line and headers as they came, without `Date`. */
  head: string
  headers: Record<string, string>
  body: string
}

export const form = 'Content-Type: application/x-www-form-urlencoded'

/** A form body; a list, or text that is encoded already, says things that an object cannot. */
export const encode = (parameters: Record<string, string> | readonly (readonly [string, string])[] | string) =>
  typeof parameters === 'string' ? parameters : new URLSearchParams(parameters as Record<string, string>).toString()

/** The bytes of a request. */
export function bytesOf({ method = 'POST', path = '/token', headers = [], body = '', framing = 'length' }: RawRequest): Buffer {
  const bytes = Buffer.from(body)
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: as.example.com', ...headers]
  if (framing === 'length') lines.push(`Content-Length: ${bytes.length}`)
  if (framing === 'chunked') lines.push('Transfer-Encoding: chunked')
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), framing === 'chunked' ? chunked(bytes) : bytes])
}

function chunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 7000) {
    const part = bytes.subarray(at, at + 7000)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

/** One connection, for one request after the other. */
export class RawConnection {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #closed = false
  #wake = () => {}

  constructor(server: Server) {
    this.socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    this.socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data])
      this.#wake()
    })
    this.socket.on('error', () => {}) // a server may hang up while we write
    this.socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  get closed() {
    return this.#closed
  }

  /** Sends a request and waits for its response. */
  async ask(request: RawRequest): Promise<RawResponse> {
    this.socket.write(bytesOf(request))
    return this.response(request.method)
  }

  /** The next response. @throws Error if the connection closes before it is complete, or it takes longer than 5 s */
  async response(method = 'POST'): Promise<RawResponse> {
    const deadline = Date.now() + 5000
    for (;;) {
      const response = this.#take(method)
      if (response) return response
      if (this.#closed) throw new Error(`The connection closed after ${JSON.stringify(this.#received.toString('latin1'))}`)
      const left = deadline - Date.now()
      if (left <= 0) throw new Error('No response in time')
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  close(): void {
    this.socket.destroy()
  }

  /** One response off the front of what was received, if it is complete. */
  #take(method: string): RawResponse | undefined {
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return undefined
    const lines = this.#received
      .subarray(0, headEnd)
      .toString('latin1')
      .split('\r\n')
      .filter((line) => !/^date:/i.test(line))
    const headers = Object.fromEntries(
      lines.slice(1).map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const status = Number(lines[0]?.split(' ')[1])
    const rest = this.#received.subarray(headEnd + 4)
    let length = Number(headers['content-length'] ?? 0)
    if (method === 'HEAD' || status === 204 || status === 304) length = 0
    else if (headers['transfer-encoding']) {
      const end = rest.indexOf('0\r\n\r\n')
      if (end < 0) return undefined
      length = end + 5
    }
    if (rest.length < length) return undefined
    this.#received = Buffer.from(rest.subarray(length))
    return { status, head: lines.join('\n'), headers, body: rest.subarray(0, length).toString('latin1') }
  }
}

/** Sends one request on a connection of its own. */
export async function sendRaw(server: Server, request: RawRequest): Promise<RawResponse> {
  const connection = new RawConnection(server)
  try {
    return await connection.ask(request)
  } finally {
    connection.close()
  }
}
