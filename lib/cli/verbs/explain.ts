import type { ExplainOptions, Explanation, RequestExplanation } from '../../index.js'
import { parseCurl } from '../curl.js'
import { type Explainer, explainer } from '../explaining.js'
import { type Io, type Outcome, UsageError } from '../io.js'
import { type Paint, painter } from '../painter.js'
import { type Registrations, readRegistrations } from '../registrations.js'
import { readSource } from '../source.js'
import { commandName, type Input, type Verb } from '../verb.js'

type Registration = Registrations['clients'][number] | Registrations['issuers'][number]

/** The hooks of a file, called on their own object: it may be an instance of a class. */
function ownHooks(hooks: object | undefined): ExplainOptions['hooks'] {
  const given = (hooks ?? {}) as Record<string, unknown>
  const names = ['findClient', 'findIssuer', 'authorizeGrant', 'verifyClientSecret', 'getClientCertificate']
  const present = names.filter((name) => typeof given[name] === 'function')
  return Object.fromEntries(
    present.map((name) => [name, (...input: unknown[]) => (given[name] as (...input: unknown[]) => unknown).apply(given, input)]),
  )
}

/** The options of the file, with hooks that answer from its registrations. Hooks that the file has itself win. */
function optionsOf({ options, clients, issuers }: Registrations): ExplainOptions {
  if (options === undefined) throw new UsageError('The file of --registration must have options, at least { "issuer": "https://…" }.')
  const standIns: ExplainOptions['hooks'] = {
    findClient: (id) => clients.find(({ client_id }) => client_id === id),
    findIssuer: (iss) => issuers.find(({ issuer }) => issuer === iss),
    authorizeGrant: ({ sub }) => ({ subject: sub }),
    mintToken: () => ({ access_token: 'not-issued', token_type: 'Bearer' }),
  }
  return { ...options, hooks: { ...standIns, ...ownHooks(options.hooks) } }
}

/** The keys of a registration are asked from another address. */
function withKeysAt<R extends Registration>(registration: R, url: string, allowPrivate: boolean): R {
  const { jwks: _, ...rest } = registration
  return { ...rest, jwks_uri: url, allowPrivateJwksUri: allowPrivate } as R
}

function withKeys(registered: Registrations, input: Input): Registrations {
  const url = input.text('jwks')
  if (url === undefined) return registered
  const change = <R extends Registration>(one: R) => withKeysAt(one, url, input.has('allow-private'))
  return { ...registered, clients: registered.clients.map(change), issuers: registered.issuers.map(change) }
}

/** Seconds, or a date. */
function momentOf(given: string | undefined): { at?: number } {
  if (given === undefined) return {}
  const at = /^\d+$/.test(given) ? Number(given) : Date.parse(given) / 1000
  if (Number.isNaN(at)) throw new UsageError('--at must be seconds since 1970 or a date such as 2026-12-31T12:00:00Z.')
  return { at }
}

function claimsOf(jwt: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(jwt.split('.')[1] as string, 'base64url').toString()))
  } catch {
    return {}
  }
}

async function explained(
  text: string,
  input: Input,
  io: Io,
  { explain, explainRequest }: Explainer,
): Promise<Explanation | RequestExplanation> {
  const registered = withKeys(await readRegistrations(input.demand('registration'), io), input)
  const options = optionsOf(registered)
  const how = { ...momentOf(input.text('at')), fetchKeys: input.text('jwks') !== undefined || input.has('fetch-keys') }
  if (/^curl\s/.test(text)) {
    const { form, authorization } = parseCurl(text)
    return await explainRequest(form, options, { ...how, ...(authorization !== undefined && { authorization }) })
  }
  if (/^[\w.]+=/.test(text)) return await explainRequest(text, options, how)
  const { iss, sub } = claimsOf(text)
  const use = input.text('use') ?? (iss !== undefined && iss === sub ? 'client' : 'grant')
  if (use !== 'client' && use !== 'grant') throw new UsageError('--use must be client or grant.')
  const client = registered.clients.find(({ client_id }) => client_id === iss) ?? soleOf(registered.clients)
  const issuer = registered.issuers.find((one) => one.issuer === iss) ?? soleOf(registered.issuers)
  return await explain(text, { use, options, ...how, ...(use === 'client' ? client && { client } : issuer && { issuer }) })
}

const soleOf = <T>(list: readonly T[]): T | undefined => (list.length === 1 ? list[0] : undefined)

const marks: Readonly<Record<string, Parameters<Paint>>> = { passed: ['green', '✓'], failed: ['red', '✗'], not_reached: ['dim', '·'] }

/** A request has no checks of its own: its JWTs have them. */
type Explained = Omit<Explanation, 'checks' | 'keys'> & Partial<Pick<Explanation, 'checks' | 'keys'>>

function linesOf({ accepted, reason, checks = [], keys = [], fixes }: Explained, paint: Paint): string[] {
  const evidence = (name: string, value: unknown) => (value === undefined ? [] : [`      ${name}: ${JSON.stringify(value)}`])
  return [
    accepted ? paint('green', 'accepted') : paint('red', `refused: ${reason}`),
    ...checks.flatMap(({ state, reason: id, demands, seen, wanted }) => [
      `  ${paint(...(marks[state] as Parameters<Paint>))} ${id}: ${demands}`,
      ...(state === 'failed' ? [...evidence('seen', seen), ...evidence('wanted', wanted)] : []),
    ]),
    ...(keys.length > 0 ? ['', 'Registered keys:'] : []),
    ...keys.map(({ kid, thumbprint, alg, kty, problem, fits, verifies }) => {
      const verdict = problem
        ? `cannot be used: ${problem}`
        : verifies
          ? 'verifies the signature'
          : fits
            ? 'fits, and does not verify the signature'
            : 'does not fit'
      const name = [alg ?? kty, kid ?? '(no kid)'].filter(Boolean).join(' ')
      return `  ${name}${thumbprint === undefined ? '' : `, thumbprint ${thumbprint}`}: ${verdict}`
    }),
    ...(fixes.length > 0 ? ['', 'What would make it pass, each alone:'] : []),
    ...fixes.map(({ edits, weakens }) => {
      const all = edits.map(({ side, text }) => `${text} (${side})`).join('; and ')
      return `  - ${all}${weakens ? paint('yellow', ' — weakens the server') : ''}`
    }),
  ]
}

function textOf(explanation: Explanation | RequestExplanation, paint: Paint): string {
  const { status, error, step, client, grant } = explanation as Partial<RequestExplanation>
  const part = (title: string, one: Explanation | undefined) => (one ? ['', paint('bold', title), ...linesOf(one, paint)] : [])
  return [
    ...(status === undefined ? [] : [`${status}${error === undefined ? '' : ` ${error}`} in step ${step}`]),
    ...linesOf(explanation, paint),
    ...part('The client assertion', client),
    ...part('The grant', grant),
  ].join('\n')
}

/** @param with_ what explains; tests give another */
export const explainVerb = (with_: Explainer): Verb => ({
  name: 'explain',
  summary: 'Say why a JWT or a token request is refused, and what would make it pass',
  args: [['[FILE]', 'a file with a JWT, a curl line or a form body; without it, stdin']],
  flags: {
    registration: { value: 'FILE', about: 'JSON or a module that exports { options, client, issuer }' },
    jwks: { value: 'URL', about: 'fetch the keys there, whatever is registered' },
    'fetch-keys': { about: 'fetch the registered jwks_uri; without it, nothing is sent' },
    'allow-private': { about: 'let --jwks be http, or a private or loopback address' },
    use: { value: 'USE', about: 'what a JWT alone is: client or grant; without it, client if iss equals sub' },
    at: { value: 'TIME', about: 'check as of then: seconds since 1970, or a date; without it, now' },
  },
  about: ['Nothing is used up: the JWT stays as good as it was.'],
  examples: [
    `${commandName} explain --registration registrations.mjs < request.txt`,
    `${commandName} explain request.txt --registration server.json --json`,
  ],
  async run(input, io): Promise<Outcome> {
    const text = (await readSource(input.args[0] ?? '-', io)).trim()
    if (text === '') throw new UsageError('There must be a JWT, a curl line or a form body. Nothing was received.')
    const explanation = await explained(text, input, io, with_)
    return { code: explanation.accepted ? 0 : 1, json: explanation, text: textOf(explanation, painter(io.colour)) }
  },
})

export const explain = explainVerb(explainer)
