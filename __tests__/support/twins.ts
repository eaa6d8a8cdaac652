/** Two servers that should give the same answer to the same request, to the byte. */
import type { Server } from 'node:http'
import { expect } from '@jest/globals'
import { type RawRequest, type RawResponse, sendRaw } from './raw.js'

/** Status line, headers in their order (but for `Date`) and body are the same. Returns the answer. */
export async function expectSameAnswer([one, other]: readonly [Server, Server], request: RawRequest): Promise<RawResponse> {
  const expected = await sendRaw(one, request)
  expect(await sendRaw(other, request)).toEqual(expected)
  return expected
}
