import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import type { RequestHandler } from 'express'
import { requestIdOf } from '../../lib/pipeline/request-id.js'
import { anyExpress } from '../support/express.js'
import { clientCredentials, startWorld } from '../support/world.js'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('requestIdOf', () => {
  const idOf = (onResponse: unknown, id: unknown, sent: unknown) =>
    requestIdOf(
      { id, headers: { 'x-request-id': sent } } as unknown as IncomingMessage,
      { getHeader: (name: string) => (name === 'x-request-id' ? onResponse : undefined) } as unknown as ServerResponse,
    )

  it.each<[what: string, onResponse: unknown, id: unknown, sent: unknown, found: string]>([
    ['what the host set on the response comes first', 'response', 'id', 'sent', 'response'],
    ['then req.id', undefined, 'id', 'sent', 'id'],
    ['then the header of the request', undefined, undefined, 'sent', 'sent'],
    ['a number on the response', 7, undefined, undefined, '7'],
    ['a number, as pino-http counts', undefined, 42, undefined, '42'],
    ['a trace id of AWS', undefined, undefined, 'Root=1-67891233-abcdef012345678912345678', 'Root=1-67891233-abcdef012345678912345678'],
    ['128 characters', undefined, undefined, 'a'.repeat(128), 'a'.repeat(128)],
    ['an object as req.id is passed over', undefined, { id: 1 }, 'sent', 'sent'],
    ['an empty req.id is passed over', undefined, '', 'sent', 'sent'],
  ])('%s', (_, onResponse, id, sent, found) => {
    expect(idOf(onResponse, id, sent)).toBe(found)
  })

  it.each<[what: string, sent: unknown]>([
    ['nothing', undefined],
    ['an empty one', ''],
    ['a space', 'a b'],
    ['a line break', 'a\r\nSet-Cookie: x'],
    ['a quote', 'a"b'],
    ['markup', '<script>'],
    ['other letters', 'caf\u00e9'],
    ['129 characters', 'a'.repeat(129)],
    ['a list', ['a', 'b']],
  ])('T-64 %s is replaced by a UUID', (_, sent) => {
    const [one, other] = [idOf(undefined, undefined, sent), idOf(undefined, sent, undefined)]
    expect(one).toMatch(uuid)
    expect(other).toMatch(uuid)
    expect(one).not.toBe(other)
  })
})

describe.each(anyExpress)('X-Request-Id on %s', (_, express) => {
  const ask = async (headers: Record<string, string>, ...before: RequestHandler[]) => {
    const world = startWorld(express, { before, options: { fallthrough: false } })
    const refused = await world.post(clientCredentials({}), headers)
    expect(refused.status).toBe(401)
    return [refused.headers['x-request-id'], world.last().request_id]
  }
  const onResponse: RequestHandler = (_req, res, next) => {
    res.set('X-Request-Id', 'of-the-host')
    next()
  }
  const onRequest: RequestHandler = (req, _res, next) => {
    Object.assign(req, { id: 'of-the-logger' })
    next()
  }

  it('a refusal sends the identifier of its event: of the host, of its logger, of the sender', async () => {
    const sent = { 'x-request-id': 'of-the-sender' }
    expect(await ask(sent, onRequest, onResponse)).toEqual(['of-the-host', 'of-the-host'])
    expect(await ask(sent, onRequest)).toEqual(['of-the-logger', 'of-the-logger'])
    expect(await ask(sent)).toEqual(['of-the-sender', 'of-the-sender'])
    const [header, id] = await ask({})
    expect(header).toMatch(uuid)
    expect(id).toBe(header)
  })

  it('T-64 a malformed one of the sender is not sent back', async () => {
    const [header, id] = await ask({ 'x-request-id': '"><script>' })
    expect(header).toMatch(uuid)
    expect(id).toBe(header)
  })

  it('without a listener too', async () => {
    const world = startWorld(express, { options: { onEvent: undefined } })
    expect((await world.post(clientCredentials({}))).headers['x-request-id']).toMatch(uuid)
  })

  it('only refusals have the header: a token response and an answer of the host are as before', async () => {
    const world = startWorld(express, { options: { fallthrough: true }, after: [(_req, res) => void res.json({ host: true })] })
    const issued = await world.post(clientCredentials(), { 'x-request-id': 'mine' })
    expect([issued.status, issued.headers['x-request-id'], world.last().request_id]).toEqual([200, undefined, 'mine'])
    const theirs = await world.post({ grant_type: 'password' })
    expect(theirs.body).toEqual({ host: true })
    expect(theirs.headers).not.toHaveProperty('x-request-id')
  })

  it('tokenErrorHandler sends it for an error of your handler, and the event has the same', async () => {
    const world = startWorld(express, {
      options: { fallthrough: true },
      after: [(_req, _res, next) => next(new Error('the database is down'))],
    })
    const failed = await world.post({ grant_type: 'refresh_token', client_id: 'post-client', client_secret: 'post-secret' })
    expect(failed.status).toBe(500)
    expect(failed.headers['x-request-id']).toMatch(uuid)
    for (let tries = 0; world.events.length < 1 && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(world.last().request_id).toBe(failed.headers['x-request-id'])
  })
})
