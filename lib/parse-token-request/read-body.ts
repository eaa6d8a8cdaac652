import { refusal } from '../host/errors.js'
import type { Request } from '../pipeline/transaction.js'

const drainBytes = 1024 * 1024 // read of a body that is too large, so that its sender gets to read the response

const gone = { seen: 'a connection that closed before the body had arrived', wanted: 'the whole body' }

/** The decision about a body: a value, and whether the body is given back for the host's handler. */
interface Settled<T> {
  readonly value: T
  readonly becomes: 'kept' | 'given-back'
}

/**
 * Reads the body of a request. A body that is given back is in the stream again, as if nobody had read it. Only an empty body cannot be
 * given back, because no data holds back the end of its stream.
 *
 * @param limit bytes of the largest body that is read whole
 * @param settle called with the body, or with its first `limit` bytes if it is larger; decides what becomes of it
 * @returns the value that `settle` returned
 * @throws Refusal `body_too_large` (413) if it is larger and kept; `client_gone` if the client disconnected
 */
export function readBody<T>(req: Request, limit: number, settle: (body: Buffer, complete: boolean) => Settled<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (req.destroyed) return reject(refusal('client_gone', gone))
    const pieces: Buffer[] = []
    let size = 0
    let isDraining = false
    const flowed = req.readableFlowing
    const others = req.rawListeners('data') as (() => void)[] // would get the body twice: now, and when it is given back

    const stop = (report: () => void) => {
      req.off('readable', read).off('end', end).off('close', leave).off('error', leave)
      for (const listener of others) req.on('data', listener)
      // in the next tick, since Node then decides again whether the stream flows
      process.nextTick(() => {
        if (flowed !== null) req.pause()
        if (flowed) setImmediate(() => req.resume()) // the host's handler has had time to attach listeners
        report()
      })
    }
    const leave = () => stop(() => reject(refusal('client_gone', gone)))
    const refuse = () => stop(() => reject(refusal('body_too_large', { seen: { more_than_bytes: limit }, wanted: { at_most: limit } })))

    const finish = (complete: boolean) => {
      if (req.aborted) return leave() // the body of an HTTP/2 stream ends also if the stream is reset
      try {
        const body = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
        const { value, becomes } = settle(body.subarray(0, limit), complete)
        isDraining = becomes === 'kept' && !complete
        if (isDraining) return drain()
        if (becomes === 'given-back' || others.length > 0) unshift(req, body)
        stop(() => resolve(value))
      } catch (error) {
        stop(() => reject(error))
      }
    }
    const read = () => {
      if (isDraining) return drain()
      let isWhole = req.readableLength === 0 // an event without data announces the end
      let rest: Buffer | string | null
      do {
        const asked = req.readableLength + 1
        rest = req.read(asked) // `null`, unless that much came meanwhile or the stream has ended
        isWhole ||= rest !== null && rest.length < asked
        const piece = bytesOf(rest ?? req.read(), req.readableEncoding)
        size += piece.length
        if (piece.length > 0) pieces.push(piece)
      } while (rest !== null && !isWhole && size <= limit)
      if (isWhole || size > limit) finish(size <= limit)
    }
    const drain = () => {
      for (let piece = req.read(); piece !== null && size <= drainBytes; piece = req.read()) size += piece.length
      if (size > drainBytes) refuse()
    }
    const end = () => (isDraining ? refuse() : finish(true))

    for (const listener of others) req.off('data', listener)
    req.on('readable', read).on('end', end).on('close', leave).on('error', leave)
  })
}

/** What is in the stream is text if the host has called `setEncoding`. */
const bytesOf = (piece: Buffer | string | null, encoding: BufferEncoding | null) =>
  typeof piece === 'string' ? Buffer.from(piece, encoding ?? 'utf8') : (piece ?? Buffer.alloc(0))

/** Puts a body back. The stream does not end before it is read again, if this happens in the tick in which its last byte was read. */
function unshift(req: Request, body: Buffer): void {
  const encoding = req.readableEncoding
  if (encoding) req.unshift(body.toString(encoding), encoding)
  else req.unshift(body)
}
