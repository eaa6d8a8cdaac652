import { IncomingMessage } from 'node:http'
import { refusal } from '../errors.js'
import type { Request } from '../exchange.js'

const drainBytes = 1024 * 1024 // of a body that is too large, so that its sender gets to read the answer

/** What a body came to, and whether it goes on to the host's handler. */
interface Settled<T> {
  readonly value: T
  readonly becomes: 'kept' | 'given-back'
}

/**
 * Takes the raw body, at most `limit` bytes, on its way into the request's stream. So the stream stays unread, and a body that is given
 * back arrives in it, end included, as if nobody had looked.
 *
 * @param settle called with the body, or with its first `limit` bytes if it is larger; says what becomes of it
 * @returns the value that `settle` gave
 * @throws OAuthError `body_too_large` (413) if it is larger and kept; `client_gone` if the sender went away
 */
export function readBody<T>(req: Request, limit: number, settle: (body: Buffer, complete: boolean) => Settled<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let ended = false
    let settled: Settled<T> | undefined
    const { push } = req
    const isWhole = req.complete
    const isInStream = req.readableLength > 0 // it came while the host was busy with something else

    let watching: boolean | undefined = false // undefined: never again
    const watch = () => {
      if (watching === undefined) return
      if (req.destroyed) return gone()
      watching = true
      req.on('close', gone)
      req.on('error', gone)
    }
    const ignoreLeaving = () => {
      if (watching) {
        req.off('close', gone)
        req.off('error', gone)
      }
      watching = undefined
    }
    const stop = () => {
      ignoreLeaving()
      if (settled?.becomes === 'kept')
        req.push = push // to delete it would cost the request its fast form
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
          stop() // by now the host listens, if it wants to
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
      return settled?.becomes !== 'given-back' // more of it has to wait for its reader
    }

    if (req.destroyed) return gone()
    const isReal = req._read === IncomingMessage.prototype._read
    if (isReal)
      process.nextTick(watch) // most bodies come with their headers, and are here by then
    else watch()
    req.push = take
    if (isInStream) take(asBytes(req.read(), req.readableEncoding))
    else if (!isReal) req.read(0) // what only looks like a request makes its body when asked
    if (isWhole && !ended) take(null)
  })
}

/** What is in the stream is text where the host has called `setEncoding`. */
const asBytes = (piece: Buffer | string, encoding: BufferEncoding | null) =>
  typeof piece === 'string' ? Buffer.from(piece, encoding ?? 'utf8') : piece
