import type { JSONWebKeySet } from '../index.js'
import { serveJwks } from '../testing/serve-jwks.js'
import { UsageError } from './io.js'

/** Serves a key set on loopback. @throws UsageError if the port cannot be used */
export async function serveKeySet(jwks: JSONWebKeySet, port = 0): ReturnType<typeof serveJwks> {
  try {
    return await serveJwks(jwks, port)
  } catch (error) {
    throw new UsageError(`--port ${port} cannot be used: ${(error as NodeJS.ErrnoException).code}. Choose another port.`)
  }
}
