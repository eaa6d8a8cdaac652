/** An endpoint with the registrations of a profile, and its clients, who send what act-as sends. */

import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { asClient, formOf, type Identity, jwtOf, registrationOf, signerOf } from '../../lib/cli/act-as/identity.js'
import { dialects } from '../../lib/cli/dialects.js'
import { signingKey } from '../../lib/cli/keys.js'
import type { Client, Granted, Hooks, Options, TokenEndpointEvent, TrustedIssuer } from '../../lib/index.js'
import { tokenEndpoint } from '../../lib/index.js'
import type { Profile, Right, Wrong } from '../../lib/profiles/index.js'
import { type SpoiledName, spoiled } from '../../lib/testing/index.js'
import { type JwtOverrides, keyPair } from '../../lib/testing/signer.js'
import { tokenRequest } from '../../lib/testing/token-request.js'

export const server = 'https://as.example.com'
export const url = 'https://as.example.com/token'

export interface Registered {
  issuer?: TrustedIssuer
  client?: Client
  options?: Partial<Options>
}
export interface Outcome {
  status: number
  error?: string
  reason?: string
  /** Whether the token may live longer than the grant. */
  lifetime?: 'independent' | 'within-grant'
  /** The account of the token. */
  subject?: string
  /** Members of the response that only some clients read. */
  further?: readonly string[]
}

const keys = new Map<string, ReturnType<typeof signingKey>>()
const keyOf = (alg: string) => {
  const key = keys.get(alg) ?? signingKey(keyPair(alg).privateKey, { alg, kid: 'profile-key' })
  keys.set(alg, key)
  return key
}

/** Who sends the sample of a profile, and the registration that it needs. */
export function senderOf({ name }: Pick<Profile, 'name'>): { identity: Identity; registered: Registered } {
  const dialect = dialects[name]
  if (!dialect) throw new Error(`There is no dialect ${name}.`)
  const identity: Identity = {
    dialect,
    url,
    server,
    client_id: 'a-client',
    issuer: 'https://idp.example.org',
    subject: 'ada@example.org',
    scope: 'read',
    key: keyOf(dialect.alg),
  }
  const { issuer, client, further_options } = JSON.parse(JSON.stringify(registrationOf(identity)))
  return { identity, registered: { issuer, client, options: further_options } }
}

/** Starts an endpoint with some registrations. `granted` are the inputs of `mintToken`. */
export async function startProfile({ issuer, client, options }: Registered, port = 0, hooks: Partial<Hooks> = {}) {
  const events: TokenEndpointEvent[] = []
  const granted: Granted[] = []
  const app = express()
  app.post(
    '/token',
    ...tokenEndpoint({
      issuer: server,
      tokenEndpointUrl: url,
      onEvent: (event) => void events.push(event),
      ...options,
      hooks: {
        findClient: (id) => (id === client?.client_id ? client : undefined),
        findIssuer: (iss) => (iss === issuer?.issuer ? issuer : undefined),
        authorizeGrant: ({ subject_key, issuer }) => ({ subject: `account of ${subject_key}`, scope: issuer.scope ?? 'read' }),
        mintToken: (given) => {
          granted.push(given)
          return {
            access_token: 'token',
            token_type: 'Bearer',
            expires_in: Math.min(300, given.maxLifetime ?? 300),
            instance_url: 'x',
            id: 'y',
          }
        },
        ...hooks,
      },
    }),
  )
  const listening: Server = app.listen(port)
  await new Promise((resolve) => listening.once('listening', resolve))
  const at = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/token`
  return {
    at,
    events,
    granted,
    /** Sends a form. */
    async ask(form: Record<string, string>): Promise<Outcome> {
      const { status, body } = await tokenRequest(at, form)
      const { error, ...members } = (body ?? {}) as { error?: string }
      const further = Object.keys(members).filter((name) => ['instance_url', 'id'].includes(name))
      const subject = status === 200 ? granted.at(-1)?.subject : undefined
      const reason = events.at(-1)?.reason
      return {
        status,
        ...(error !== undefined && { error }),
        ...(reason !== undefined && { reason }),
        ...(subject !== undefined && { subject }),
        ...(further.length > 0 && { further }),
      }
    },
    close: () => new Promise((resolve) => void listening.close(resolve).closeAllConnections()),
  }
}

export type ProfileEndpoint = Awaited<ReturnType<typeof startProfile>>

/** Grants without `jti` that are signed in the same second are one text: so each has something of its own. */
const unlike = (jwt: JwtOverrides): JwtOverrides => ({ ...jwt, claims: { nonce: randomUUID(), ...jwt.claims } })

/** Sends the sample of a profile with some changes. */
export const send = (endpoint: ProfileEndpoint, identity: Identity, jwt: JwtOverrides = {}, parameters: Record<string, string> = {}) =>
  endpoint.ask(formOf(identity, jwtOf(identity, signerOf(identity), unlike(jwt)), parameters))

/** Sends what differs from the sample. */
export function sendChanged(
  endpoint: ProfileEndpoint,
  identity: Identity,
  { claims = {}, header = {}, parameters, ...row }: Right | Wrong,
) {
  return send(endpoint, row.asClient ? asClient(identity) : identity, { claims, header }, parameters)
}

/** Everything that a profile must accept and refuse, sent in turn: the outcome of each by its name. */
export async function outcomesOf(profile: Profile, identity: Identity, registered: Registered): Promise<Record<string, Outcome>> {
  const endpoint = await startProfile(registered)
  const signer = signerOf(identity)
  const outcomes: Record<string, Outcome> = {}
  try {
    const sample = await send(endpoint, identity)
    outcomes.sample = { ...sample, lifetime: endpoint.granted.at(-1)?.maxLifetime === undefined ? 'independent' : 'within-grant' }
    for (const [name, row] of Object.entries({ ...profile.right, ...profile.wrong }))
      outcomes[name] = await sendChanged(endpoint, identity, row)
    for (const [name, row] of Object.entries(spoiled)) {
      if (!row.refused[profile.sample.use] || row.signedByOtherParty) continue
      const jwt = jwtOf(identity, signer, unlike(row.overrides(signer, profile.sample.use)))
      if (row.sentTwice) await endpoint.ask(formOf(identity, jwt))
      outcomes[name as SpoiledName] = await endpoint.ask(formOf(identity, jwt))
    }
  } finally {
    await endpoint.close()
  }
  return outcomes
}
