/**
 * Reads a body before it enters the request's stream, by replacing `req.push`. It relies on Node's HTTP parser, which calls
 * `IncomingMessage.push` for each chunk, and with `null` at the end; a `false` from it pauses the socket.
 *
 * States: waiting (for the whole body, or more than `limit` bytes of it) → `settle` decides: kept (the rest is discarded, the promise
 * settles at the end of the body) | given back (all chunks go into the stream) → stopped (`push` is Node's own again; also after an error).
 */
import { IncomingMessage } from 'node:http'
import { refusal } from '../errors.js'
import type { Request } from '../exchange.js'

const drainBytes = 1024 * 1024 // read of a body that is too large, so that its sender gets to read the response

/** The decision about a body: a value, and whether the body is given back for the host's handler. */
interface Settled<T> {
  readonly value: T
  readonly becomes: 'kept' | 'given-back'
}

/**
 * Intercepts the raw body, at most `limit` bytes. A body that is given back arrives in the stream, end included, as if never read.
 *
 * @param settle called with the body, or with its first `limit` bytes if it is larger; decides what becomes of it
 * @returns the value that `settle` gave
 * @throws OAuthError `body_too_large` (413) if it is larger and kept; `client_gone` if the client disconnected
 */
export function readBody<T>(req: Request, limit: number, settle: (body: Buffer, complete: boolean) => Settled<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let ended = false
    let settled: Settled<T> | undefined
    const { push } = req
    const isWhole = req.complete
    const isInStream = req.readableLength > 0 // it arrived before this step ran

    let watch: 'not yet' | 'on' | 'over' = 'not yet'
    const startToWatch = () => {
      if (watch === 'over') return
      if (req.destroyed) return gone()
      watch = 'on'
      req.on('close', gone)
      req.on('error', gone)
    }
    const ignoreLeaving = () => {
      if (watch === 'on') {
        req.off('close', gone)
        req.off('error', gone)
      }
      watch = 'over'
    }
    const stop = () => {
      ignoreLeaving()
      if (settled?.becomes === 'kept')
        req.push = push // `delete` would make the request a dictionary, which is slow on Node 24 (dictionary-mode.ts)
      else delete (req as { push?: unknown }).push
    }
    const fail = (error: unknown) => {
      stop()
      reject(error)
    }
    const gone = () => fail(refusal('client_gone'))
    const giveBack = () => {
      ignoreLeaving()
      if (isWhole && isInStream) {
        stop()
        const whole = Buffer.concat(chunks)
        const { readableEncoding } = req
        if (readableEncoding) req.unshift(whole.toString(readableEncoding), readableEncoding)
        else req.unshift(whole)
      } else {
        setImmediate(() => {
          stop() // by now the host's handler has had time to attach listeners
          for (const chunk of chunks) req.push(chunk)
          if (ended) req.push(null)
        })
      }
    }
    const drop = () => {
      const tooLarge = size > limit
      if (!ended && !(tooLarge && size > drainBytes)) return
      stop()
      if (ended) {
        req.push(null)
        req.resume()
      }
      if (tooLarge) reject(refusal('body_too_large'))
      else resolve((settled as Settled<T>).value)
    }
    const take = (chunk: Buffer | null): boolean => {
      try {
        if (chunk === null) ended = true
        else size += chunk.length
        if (chunk && settled?.becomes !== 'kept') chunks.push(chunk)
        if (!settled && (ended || size > limit)) {
          const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
          settled = settle(body.subarray(0, limit), size <= limit)
          if (settled.becomes === 'given-back') {
            giveBack()
            resolve(settled.value)
          }
        }
        if (settled?.becomes === 'kept') drop()
      } catch (error) {
        fail(error)
      }
      return settled?.becomes !== 'given-back' // false: backpressure until the host's handler reads
    }

    if (req.destroyed) return gone()
    const isReal = req._read === IncomingMessage.prototype._read
    // Most bodies arrive with their headers, and need no listeners. Not `nextTick`: Node runs ticks between a body and its end.
    if (isReal) setImmediate(startToWatch)
    else startToWatch()
    req.push = take
    if (isInStream) take(allInStream(req))
    else if (!isReal) req.read(0) // a mock request produces its body when it is read
    if (isWhole && !ended) take(null)
  })
}

/** All that is in the stream: where somebody has made it flow, `read` gives one piece of it. */
function allInStream(req: Request): Buffer {
  const pieces: Buffer[] = []
  for (let piece = req.read(); piece !== null; piece = req.read()) pieces.push(asBytes(piece, req.readableEncoding))
  return Buffer.concat(pieces)
}

/** What is in the stream is text where the host has called `setEncoding`. */
const asBytes = (piece: Buffer | string, encoding: BufferEncoding | null) =>
  typeof piece === 'string' ? Buffer.from(piece, encoding ?? 'utf8') : piece
