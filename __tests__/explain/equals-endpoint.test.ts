import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import { explainRequest, type Options, type TokenEndpointEvent, tokenEndpoint } from '../../lib/index.js'
import { random } from '../support/random.js'
import { testAll } from '../support/test-all.js'
import { bodyOf, edited, formOf, type Generated, generate, optionsOf } from './generated.js'

let server: Server
let handler: express.Express
beforeAll(async () => {
  server = createServer((req, res) => handler(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

/** What a real endpoint answers. */
async function live(options: Options, body: string, authorization: string | undefined) {
  const events: TokenEndpointEvent[] = []
  const app = express()
  app.post(
    '/token',
    ...tokenEndpoint({ ...options, onEvent: (event) => void events.push(event) }),
    (_req, res) => void res.status(299).end(),
  )
  handler = app
  const { port } = server.address() as AddressInfo
  const headers = { 'content-type': 'application/x-www-form-urlencoded', connection: 'close', ...(authorization && { authorization }) }
  const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const req = request({ port, method: 'POST', path: '/token', headers, agent: false }, (res) => {
      const pieces: Buffer[] = []
      res
        .on('data', (piece) => pieces.push(piece))
        .on('end', () => resolve({ status: res.statusCode as number, text: Buffer.concat(pieces).toString() }))
    })
    req.on('error', reject).end(body)
  })
  const { error } = answer.status === 299 ? { error: undefined } : JSON.parse(answer.text)
  const [event] = events
  return {
    accepted: answer.status === 200,
    leftToHost: answer.status === 299,
    status: answer.status,
    error,
    reason: event?.reason,
    detail: event?.detail,
  }
}

const ask = async (given: Generated, fixes: boolean) => {
  const body = bodyOf(formOf(given))
  const options = optionsOf(given)
  const explained = await explainRequest(body, options, { fixes, ...(given.authorization && { authorization: given.authorization }) })
  return { explained, answered: await live(options, body, given.authorization), body, options }
}
/** The moment differs by milliseconds. */
const withoutTimes = (value: unknown) => JSON.stringify(value ?? null).replace(/\d{9,}|"seconds_\w+":\d+|"lifetime":\d+/g, '#')

describe('explainRequest', () => {
  const count = testAll ? 10_000 : 200

  it(`says of ${count} requests what the endpoint answers, with the same first reason and evidence`, async () => {
    const chances = random('explain')
    const reasons = new Map<string, number>()
    for (let i = 0; i < count; i++) {
      const given = generate(chances)
      const { explained, answered, body } = await ask(given, false)
      const { accepted, leftToHost, status, error, reason, detail } = explained
      const said = { accepted, leftToHost, status: leftToHost ? 299 : status, error, reason }
      const { detail: evidence, ...rest } = answered
      if (JSON.stringify(said) !== JSON.stringify({ ...rest }))
        throw new Error(`${JSON.stringify(said)} is not ${JSON.stringify(answered)}: ${body} ${JSON.stringify(given)}`)
      expect(withoutTimes(detail)).toBe(withoutTimes(evidence))
      const name = leftToHost ? 'left to host' : (reason ?? 'accepted')
      reasons.set(name, (reasons.get(name) ?? 0) + 1)
      for (const part of [explained.client, explained.grant]) {
        const failed = part?.checks.find(({ state }) => state === 'failed')
        if (part) expect([failed?.reason, part.reason]).toEqual([part.reason, part.reason])
      }
    }
    expect(reasons.get('accepted')).toBeGreaterThan(count / 10)
    expect(reasons.size).toBeGreaterThan(testAll ? 40 : 25)
  }, 600_000)

  it('offers only fixes with which the endpoint accepts the request', async () => {
    const chances = random('fixes')
    const counts = { refused: 0, mended: 0, fixes: 0 }
    while (counts.refused < count / 20) {
      const given = generate(chances)
      const { explained, answered } = await ask(given, true)
      if (answered.accepted || answered.leftToHost) continue
      counts.refused++
      if (explained.fixes.length > 0) counts.mended++
      for (const { edits } of explained.fixes) {
        counts.fixes++
        const mended = edits.reduce(edited, given)
        const { answered: now } = await ask(mended, false)
        if (!now.accepted) throw new Error(`${JSON.stringify(edits)} does not mend ${JSON.stringify(given)}: ${JSON.stringify(now)}`)
      }
    }
    expect(counts.mended / counts.refused).toBeGreaterThan(0.6)
  }, 600_000)
})
