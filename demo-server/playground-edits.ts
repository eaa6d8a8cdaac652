/** What the playground changed at this server: registrations and options. A fix that it applies is an edit of an explanation. */
import { type Client, ConfigurationError, type JWK, type Options, type TrustedIssuer } from '../lib/index.js'
import type { Registry } from './registry.js'

/** One edit of this server, as explanations propose them. */
export interface ServerEdit {
  /** `client.grant_types`, `issuer.audience`, `options.algorithms`: one member. */
  path: string
  /** Without it, the member is removed. */
  value?: unknown
  /** For `client.jwks`, `issuer.jwks` and `issuer.jwks_uri`: the key that is registered, or published, in addition. */
  key?: JWK
}
/** The registrations that edits are about. */
export interface EditedParties {
  client_id?: string | undefined
  issuer?: string | undefined
}

const pathOfEdit = /^(client|issuer|options)\.([a-zA-Z]\w*)$/
/** Options that an edit may set: none that leads to code, another server or another issuer. */
const editableOptions = ['algorithms', 'clientAuthMethods', 'clientAssertions', 'clockTolerance', 'publicClients', 'tokenEndpointUrl']

/** The registry and the options with the edits. */
export class Edits {
  readonly #clients = new Map<string, Client>()
  readonly #issuers = new Map<string, TrustedIssuer>()
  #options: Partial<Options> = {}
  #published: JWK[] = []
  /** Never the same again: who fetched one keeps it for a while. */
  #edition = 1
  /** The paths of all edits, for people to read. */
  #made: string[] = []

  constructor(
    readonly registry: Registry,
    /** @throws ConfigurationError if the options are wrong */
    readonly onOptions: (changed: Partial<Options>) => void,
  ) {}

  readonly findClient = (id: string): Client | undefined => this.#clients.get(id) ?? this.registry.findClient(id)
  readonly findIssuer = (iss: string): TrustedIssuer | undefined => this.#issuers.get(iss) ?? this.registry.findIssuer(iss)
  get clients() {
    return this.registry.clients.map(({ client_id }) => this.findClient(client_id) as Client)
  }
  get issuers() {
    return this.registry.issuers.map(({ issuer }) => this.findIssuer(issuer) as TrustedIssuer)
  }
  get made(): readonly string[] {
    return this.#made
  }
  /** The key set that the partner publishes. */
  get partnerKeys(): readonly JWK[] {
    return [this.registry.keys.partner.jwk, ...this.#published]
  }

  /** @returns what is wrong with the edit, or `undefined` once it is made */
  apply({ path, value, key }: ServerEdit, { client_id = '', issuer = '' }: EditedParties): string | undefined {
    const [, part, member = ''] = pathOfEdit.exec(path) ?? []
    const client = this.findClient(client_id)
    const trusted = this.findIssuer(issuer)
    if (part === 'options') {
      if (!editableOptions.includes(member)) return 'This option cannot be edited.'
      const changed = { ...this.#options, [member]: value }
      try {
        this.onOptions(changed)
      } catch (error) {
        if (error instanceof ConfigurationError) return error.message
        throw error
      }
      this.#options = changed
    } else if (part === 'client' && client) this.#clients.set(client_id, withMember(client, member, value, key))
    else if (part === 'issuer' && trusted && member === 'jwks_uri') {
      // Published at a new address: this server fetches a known one at most twice a minute.
      if (key) this.#published = [...this.#published, key]
      this.#issuers.set(issuer, { ...trusted, jwks_uri: `${this.registry.partner}/jwks?edition=${++this.#edition}` })
    } else if (part === 'issuer' && trusted) this.#issuers.set(issuer, withMember(trusted, member, value, key))
    else return 'There is nothing to edit at this path.'
    this.#made = [...this.#made, part === 'client' ? `${client_id}: ${member}` : part === 'issuer' ? `${issuer}: ${member}` : path]
    return undefined
  }

  reset(): void {
    this.#clients.clear()
    this.#issuers.clear()
    this.#published = []
    this.#made = []
    this.#options = {}
    this.onOptions({})
  }
}

/** A registration with another member; a key is added to those that it has. */
function withMember<R extends Client | TrustedIssuer>(registration: R, member: string, value: unknown, key: JWK | undefined): R {
  const { [member as 'jwks']: old, ...others } = registration
  if (member === 'jwks' && key) return { ...registration, jwks: { keys: [...((old?.keys as JWK[] | undefined) ?? []), key] } }
  return (value === undefined ? others : { ...registration, [member]: value }) as R
}
