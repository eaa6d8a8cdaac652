/** What is printed without a listener, by `NODE_ENV`. */
import { describe, expect, it } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import {
  authenticateClient,
  issueToken,
  memoryReplayStore,
  type Options,
  parseTokenRequest,
  tokenEndpoint,
  verifyJwtGrant,
} from '../../lib/index.js'
import { stderrUnder } from '../support/stderr.js'
import { clientCredentials, hooks, issuer } from '../support/world.js'

const optionsOf = (over: Partial<Options> = {}): Options => {
  const { calls: _, ...plain } = hooks()
  return { issuer, hooks: plain, replayStore: memoryReplayStore(), ...over }
}
const ask = (...steps: ReturnType<typeof tokenEndpoint>[number][]) =>
  request(express().post('/token', ...steps))
    .post('/token')
    .type('form')
    .send({ grant_type: 'unknown' })
    .expect(400)
const refusedBy =
  (over: Partial<Options> = {}) =>
  () =>
    ask(...tokenEndpoint(optionsOf(over)))
const blocks = (text: string) => text.split('\n').filter((line) => line.startsWith('token request refused: unsupported_grant_type (400'))
const notes = (text: string) => text.split('\n').filter((line) => line.startsWith('express-oauth-assertions: '))

describe('without onEvent', () => {
  it.each([[undefined], [''], ['development']])('NODE_ENV %p: refusals are explained, and it says how to end that', async (environment) => {
    const text = await stderrUnder(environment, refusedBy())
    expect(blocks(text)).toHaveLength(1)
    expect(notes(text)).toEqual([
      `express-oauth-assertions: refused requests are explained here, because NODE_ENV is ${environment || 'not set'}. Option onEvent replaces this log, and onEvent: false ends it.`,
    ])
  })

  it.each(['production', 'test', 'staging', 'Development'])('NODE_ENV %s: nothing is printed', async (environment) => {
    expect(await stderrUnder(environment, refusedBy({ issuer: 'http://localhost:3000', replayStore: undefined }))).toBe('')
  })

  it('what must not go to production is named once for each endpoint', async () => {
    const options = optionsOf({ issuer: 'http://localhost:3000', tokenEndpointUrl: 'http://localhost:3000/token', replayStore: undefined })
    const text = await stderrUnder(undefined, async () => {
      const steps = tokenEndpoint(options)
      await ask(...steps)
      await ask(...steps)
      tokenEndpoint(options)
    })
    expect(blocks(text)).toHaveLength(2)
    expect(notes(text).slice(0, -1)).toEqual([
      'express-oauth-assertions: option issuer is an http URL: in production it must be https.',
      'express-oauth-assertions: option tokenEndpointUrl is an http URL: in production it must be https.',
      'express-oauth-assertions: option replayStore is not set: only this process knows which JWTs were used. Several processes must share Redis or PostgreSQL.',
    ])
  })

  it('steps that are mounted separately write one block for each request, also if each has an options object of its own', async () => {
    const shared = optionsOf()
    const four = [parseTokenRequest, authenticateClient, verifyJwtGrant, issueToken] as const
    const post = (options: () => Options) => () =>
      request(express().post('/token', ...four.map((step) => step(options() as never))))
        .post('/token')
        .type('form')
        .send(clientCredentials({ client_id: 'basic-client', client_secret: 'wrong' }))
        .expect(401)
    for (const options of [() => shared, () => ({ ...shared })]) {
      const text = await stderrUnder(undefined, post(options))
      expect(text.match(/^token request refused: /gm)).toHaveLength(1)
      expect(text).toContain('\n  step     authenticateClient\n')
    }
  })
})

it('onEvent: false is silence', async () => {
  expect(await stderrUnder(undefined, refusedBy({ onEvent: false, replayStore: undefined }))).toBe('')
})

it('a listener of the host replaces the log, and nothing is printed', async () => {
  const reasons: unknown[] = []
  const work = refusedBy({ onEvent: ({ reason }) => void reasons.push(reason), replayStore: undefined })
  expect(await stderrUnder(undefined, work)).toBe('')
  expect(reasons).toEqual(['unsupported_grant_type'])
})
