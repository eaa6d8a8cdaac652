/**
 * The playground at `/`: a page that signs JWTs in the browser, sends them to the token endpoint, and shows what each check saw. For the demo
 * alone: it hands out private keys, explains every refusal, and lets anybody change registrations. So it answers only on loopback.
 */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import express, { type RequestHandler, type Response } from 'express'
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose'
import { helpTexts } from '../lib/development/help/texts.js'
import {
  type Client,
  explainRequest,
  type Middleware,
  type Options,
  type TokenEndpointEvent,
  type TrustedIssuer,
  tokenEndpoint,
} from '../lib/index.js'
import { casesOf } from './playground-cases.js'
import { type EditedParties, Edits, type ServerEdit } from './playground-edits.js'
import type { KeyPair, Registry } from './registry.js'

const folder = fileURLToPath(new URL('../../demo-server/playground/', import.meta.url))
/** Cause and fix of each reason, as in docs/reference/errors.md: without the addresses of its links. */
const reasons = JSON.parse(JSON.stringify(helpTexts).replace(/\[([^[\]]*)\]\([^[()]*\)/g, '$1'))
const most = { events: 100, listeners: 8, body: '256kb' }

type Steps = ReturnType<typeof tokenEndpoint>

export interface Playground {
  /** The page and its endpoints. */
  pages: RequestHandler
  /** The steps of the token endpoint, with the edits that were made in the page. */
  steps: Steps
  /** The key set of the partner, with the keys that were added in the page. */
  partnerKeys: RequestHandler
}

export function playground(registry: Registry, given: Options): Playground {
  const stream = new EventStream()
  let options: Options
  let endpoint: Steps
  const edits = new Edits(registry, (changed) => {
    const edited: Options = {
      ...given,
      ...changed,
      hooks: { ...given.hooks, findClient: edits.findClient, findIssuer: edits.findIssuer },
      onEvent(event, req) {
        stream.send(event)
        if (given.onEvent) given.onEvent(event, req)
      },
    }
    endpoint = tokenEndpoint(edited)
    options = edited
  })
  edits.reset()

  const pages = express.Router()
  pages.get('/', noStore, (_req, res) => res.sendFile('index.html', { root: folder, cacheControl: false }))
  pages.use('/playground', onlyLoopback, noStore, express.static(folder, { index: false, cacheControl: false }))
  const body = express.json({ limit: most.body })

  pages.get('/playground/world.json', async (_req, res) => {
    const { hooks: _hooks, onEvent: _onEvent, replayStore: _replayStore, ...shown } = options
    res.json({
      issuer: registry.issuer,
      token_endpoint: `${registry.issuer}/token`,
      keys: await keysOf(registry),
      cases: casesOf(registry),
      clients: edits.clients.map(({ client_secret, ...client }) => ({
        ...client,
        ...(client_secret && { client_secret: '(shown in the case)' }),
      })),
      issuers: edits.issuers,
      options: shown,
      edits: edits.made,
      reasons,
    })
  })

  pages.post('/playground/explain', onlyJson, body, async (req, res) => {
    const { form, authorization } = (req.body ?? {}) as { form?: unknown; authorization?: unknown }
    if (typeof form !== 'string' || !(authorization === undefined || typeof authorization === 'string'))
      return void res.status(400).json({ problem: 'form must be a form-encoded body, and authorization a header or absent' })
    const found: { client?: Client; issuer?: TrustedIssuer } = {}
    const hooks = {
      ...options.hooks,
      findClient(id: string) {
        const client = edits.findClient(id)
        if (client) found.client ??= client
        return client
      },
      findIssuer(iss: string) {
        const issuer = edits.findIssuer(iss)
        if (issuer) found.issuer ??= issuer
        return issuer
      },
    }
    const how = { fetchKeys: true, ...(authorization !== undefined && { authorization }) }
    const explanation = await explainRequest(form, { ...options, hooks }, how)
    res.json({ explanation, parties: { client_id: found.client?.client_id, issuer: found.issuer?.issuer } })
  })

  pages.post('/playground/edits', onlyJson, body, (req, res) => {
    const { edits: wanted, parties } = (req.body ?? {}) as { edits?: ServerEdit[]; parties?: EditedParties }
    if (!Array.isArray(wanted)) return void res.status(400).json({ problem: 'edits must be a list' })
    for (const edit of wanted) {
      const problem = edits.apply({ ...edit, path: String(edit?.path) }, parties ?? {})
      if (problem !== undefined) return void res.status(400).json({ problem })
    }
    res.json({ edits: edits.made })
  })

  pages.post('/playground/reset', onlyJson, body, (_req, res) => {
    edits.reset()
    res.json({ edits: edits.made })
  })

  pages.get('/playground/events', (_req, res) => stream.open(res))

  return {
    pages,
    steps: dispatching(() => endpoint),
    partnerKeys: (_req, res) => void res.json({ keys: edits.partnerKeys }),
  }
}

/** Steps of which each request passes those that there are when it begins. */
function dispatching(current: () => Steps): Steps {
  const begun = new WeakMap<object, Steps>()
  const step = (index: 0 | 1 | 2 | 3): Middleware => {
    return (req, res, next) => {
      const steps = begun.get(req) ?? current()
      begun.set(req, steps)
      return steps[index](req, res, next)
    }
  }
  return [step(0), step(1), step(2), step(3)]
}

/** The keys with which the browser signs: those of everybody but this server. */
async function keysOf({ keys: { server: _server, ...keys } }: Registry) {
  const shown = async ([name, { kid, privateKey, jwk }]: [string, KeyPair]) => ({
    name,
    kid,
    thumbprint: await calculateJwkThumbprint(jwk as JWK),
    publicJwk: jwk,
    privateJwk: await exportJWK(privateKey),
    pem: createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
  })
  return Promise.all(Object.entries(keys).map(shown))
}

const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
}

/** Also against a name of somebody else that leads to loopback: the browser then sends that name. */
const onlyLoopback: RequestHandler = ({ socket, hostname }, res, next) => {
  const isHere = /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '') && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
  if (isHere) next()
  else res.sendStatus(403)
}

/** JSON only: other pages cannot send it without asking first. */
const onlyJson: RequestHandler = (req, res, next) => {
  if (req.is('application/json')) next()
  else res.sendStatus(415)
}

/** The latest events, and those to come, as server-sent events. */
class EventStream {
  readonly #latest: string[] = []
  readonly #listeners = new Set<Response>()

  send(event: TokenEndpointEvent): void {
    const text = `data: ${JSON.stringify({ at: Date.now(), ...event })}\n\n`
    this.#latest.push(text)
    if (this.#latest.length > most.events) this.#latest.shift()
    for (const listener of this.#listeners) listener.write(text)
  }

  open(res: Response): void {
    if (this.#listeners.size >= most.listeners) return void res.sendStatus(503)
    res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    res.write(`retry: 1000\n\n${this.#latest.join('')}`)
    this.#listeners.add(res)
    res.once('close', () => this.#listeners.delete(res))
  }
}
