/**
 * What can be wrong with the host's own parts, and what is answered then. `faults.test.ts` runs the whole of it; the fault table of
 * SECURITY.md is printed from it.
 */
import { OAuthError } from '../../lib/index.js'

/** Stands in everything that a faulty part says, and must never come out. */
export const canary = 'canary-hunter2'

/** How a part behaves, by what it means for the request. */
export const faultKinds = {
  fine: 'as it should, in an odd way',
  speaks: 'throws an `OAuthError`',
  throws: 'throws, rejects',
  hangs: 'hangs',
  nothing: '`undefined`, `null`',
  another: 'an object of no use',
  garbage: 'anything else',
} as const
export type FaultKind = keyof typeof faultKinds

/** Behaves oddly in the place of `good`, which does what the part should do. */
export type Fault = (good: () => unknown) => unknown

const never = () => new Promise(() => {})
const late = (milliseconds: number, settle: () => unknown) => new Promise((resolve) => setTimeout(resolve, milliseconds)).then(settle)
const raise = (thrown: unknown): never => {
  throw thrown
}
const thenable = (then: (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => unknown) => ({ then })
const trap = () => raise(new Error(canary))
const everyTrap = { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap }
const hostile = () => new Proxy({}, everyTrap)
const containingItself = () => {
  const list: unknown[] = [canary]
  list.push(list)
  return { jwks: list }
}
/** Says that it is an `OAuthError`, as one of another copy of the package would. */
const branded = (over: object) => ({
  [Symbol.for('express-oauth-assertions.OAuthError')]: true,
  error: 'server_error',
  error_description: canary,
  ...over,
})

const thrown: [name: string, value: unknown][] = [
  ['an Error', new Error(canary)],
  ['a string', canary],
  ['undefined', undefined],
  ['null', null],
  ['zero', 0],
  ['a bigint', 1n],
  ['a symbol', Symbol(canary)],
  ['a frozen object', Object.freeze({ message: canary })],
  ['an object without a prototype', Object.assign(Object.create(null), { message: canary })],
  [
    'an error with a status',
    Object.assign(new Error(canary), { status: 200, statusCode: 200, expose: true, headers: { 'x-leak': canary } }),
  ],
  ['an error whose message cannot be read', Object.defineProperty(new Error(), 'message', { get: trap })],
  ['a proxy that throws at every touch', hostile()],
  ['an OAuthError with a status of success', branded({ status: 200 })],
  ['an OAuthError of a code that is none', branded({ error: canary, status: 400 })],
  ['an OAuthError that cannot be read', Object.defineProperty(branded({ status: 400 }), 'error', { get: trap })],
]
/** What a hook tells the client, and nobody else says. */
export const spoken = { status: 409, error: 'use_dpop_nonce', error_description: 'As the host says.' } as const
const speech = () => new OAuthError(spoken.error, spoken.error_description, { status: spoken.status })

export const faults: readonly (readonly [name: string, kind: FaultKind, fault: Fault])[] = [
  ['answers a moment later', 'fine', (good) => late(1, good)],
  ['answers with a promise of a promise', 'fine', (good) => thenable((resolve) => resolve(Promise.resolve().then(good)))],
  [
    'resolves twice',
    'fine',
    (good) =>
      thenable((resolve) => {
        resolve(good())
        resolve(canary)
      }),
  ],
  [
    'resolves, then rejects',
    'fine',
    (good) =>
      thenable((resolve, reject) => {
        resolve(good())
        reject(new Error(canary))
      }),
  ],
  [
    'resolves, then throws',
    'fine',
    (good) =>
      thenable((resolve) => {
        resolve(good())
        raise(new Error(canary))
      }),
  ],
  ['throws an OAuthError', 'speaks', () => raise(speech())],
  ['rejects with an OAuthError', 'speaks', () => Promise.reject(speech())],
  ...thrown.flatMap(([name, value]): [string, FaultKind, Fault][] => [
    [`throws ${name}`, 'throws', () => raise(value)],
    [`rejects with ${name}`, 'throws', () => Promise.reject(value)],
  ]),
  ['rejects a moment later', 'throws', () => late(1, trap)],
  [
    'rejects, then resolves',
    'throws',
    (good) =>
      thenable((resolve, reject) => {
        reject(new Error(canary))
        resolve(good)
      }),
  ],
  ['answers with a promise that is to reject', 'throws', () => thenable((resolve) => resolve(late(1, trap)))],
  ['answers with a thenable that throws', 'throws', () => thenable(trap)],
  ['answers with a thenable that cannot be read', 'throws', () => Object.defineProperty({}, 'then', { get: trap })],
  ['answers with a proxy that throws at every touch', 'throws', hostile],
  ['resolves with a proxy that throws at every touch', 'throws', () => Promise.resolve().then(hostile)],
  [
    'answers with a revoked proxy',
    'throws',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return proxy
    },
  ],
  ['never settles', 'hangs', never],
  ['answers with a thenable that never calls back', 'hangs', () => thenable(() => {})],
  ['rejects when its time is over', 'hangs', () => late(90, trap)],
  ['answers when its time is over', 'hangs', () => late(90, () => true)],
  ['answers with a promise that never settles', 'hangs', () => thenable((resolve) => resolve(never()))],
  ['undefined', 'nothing', () => undefined],
  ['null', 'nothing', () => null],
  ['a promise of undefined', 'nothing', () => Promise.resolve()],
  ['a promise of null', 'nothing', () => Promise.resolve(null)],
  ['an empty object', 'another', () => ({})],
  ['a promise of an empty object', 'another', () => Promise.resolve({})],
  ['an object without a prototype', 'another', () => Object.create(null)],
  ['a list', 'another', () => []],
  ['a date', 'another', () => new Date()],
  ['a map', 'another', () => new Map([['client_id', canary]])],
  ['an object that contains itself', 'another', containingItself],
  ['an object whose `then` is no function', 'another', () => Object.defineProperty({}, 'then', { value: canary })],
  ['a string', 'garbage', () => canary],
  ['an empty string', 'garbage', () => ''],
  ['"true"', 'garbage', () => 'true'],
  ['a number', 'garbage', () => 1],
  ['NaN', 'garbage', () => Promise.resolve(Number.NaN)],
  ['a bigint', 'garbage', () => 1n],
  ['a symbol', 'garbage', () => Symbol(canary)],
  ['a function', 'garbage', () => () => true],
  ['a class', 'garbage', () => class {}],
]

/** In which requests a part has its say. */
export const stages = {
  grant: 'a JWT as grant, from no client',
  client: '`client_credentials`',
  both: 'a grant from an authenticated client',
  implicit: 'a grant that authenticates its client',
  hosts: 'client authentication for a grant of the host’s',
} as const
export type Stage = keyof typeof stages

/** `status error`; `unchanged`: whatever is answered without the fault. */
export type Answer = `${number} ${string}` | 'unchanged'

export interface Part {
  /** As SECURITY.md names it. */
  readonly name: string
  readonly stages: readonly Stage[]
  readonly answers: Readonly<Record<Exclude<FaultKind, 'fine' | 'speaks'>, Answer>>
  /** What a hook says to the client is what the client gets. */
  readonly speaks: boolean
  /** What becomes of the one-time JWTs of a request that such a fault befell. */
  readonly jwts: 'unused' | 'used up'
}

const broken = '500 server_error'
const busy = '503 temporarily_unavailable'
const noClient = '401 invalid_client'
const noGrant = '400 invalid_grant'
const always = (answer: Answer) => ({ throws: answer, hangs: answer, nothing: answer, another: answer, garbage: answer })
const hook = { throws: broken, hangs: busy, another: broken, garbage: broken } as const

export const parts = {
  findClient: {
    name: '`findClient`',
    stages: ['client', 'both', 'hosts'],
    answers: { ...hook, nothing: noClient, another: noClient },
    speaks: true,
    jwts: 'unused',
  },
  findClientOfGrant: {
    name: '`findClient`, for the signer of a grant',
    stages: ['implicit'],
    answers: { ...hook, nothing: noGrant, another: noGrant },
    speaks: true,
    jwts: 'unused',
  },
  findIssuer: {
    name: '`findIssuer`',
    stages: ['grant', 'both', 'implicit'],
    answers: { ...hook, nothing: noGrant, another: noGrant },
    speaks: true,
    jwts: 'unused',
  },
  authorizeGrant: {
    name: '`authorizeGrant`',
    stages: ['grant', 'both', 'implicit'],
    answers: { ...hook, nothing: noGrant },
    speaks: true,
    jwts: 'unused',
  },
  mintToken: {
    name: '`mintToken`',
    stages: ['grant', 'client', 'both', 'implicit'],
    answers: { ...hook, nothing: broken },
    speaks: true,
    jwts: 'unused',
  },
  verifyClientSecret: {
    name: '`verifyClientSecret`',
    stages: ['client', 'both'],
    answers: { ...hook, nothing: noClient, another: noClient, garbage: noClient },
    speaks: true,
    jwts: 'unused',
  },
  getClientCertificate: {
    name: '`getClientCertificate`',
    stages: ['client', 'both'],
    answers: { ...hook, nothing: noClient },
    speaks: true,
    jwts: 'unused',
  },
  onEvent: {
    name: '`onEvent`',
    stages: ['grant', 'client', 'both', 'implicit', 'hosts'],
    answers: always('unchanged'),
    speaks: false,
    jwts: 'used up',
  },
  consume: {
    name: '`replayStore.consume`, before it recorded',
    stages: ['grant', 'client', 'both', 'implicit', 'hosts'],
    answers: always(busy),
    speaks: true,
    jwts: 'unused',
  },
  consumeRecorded: {
    name: '`replayStore.consume`, after it recorded',
    stages: ['grant', 'client', 'both', 'implicit', 'hosts'],
    answers: always(busy),
    speaks: true,
    jwts: 'used up',
  },
  release: {
    name: '`replayStore.release`, of a request that failed',
    stages: ['grant', 'client', 'both', 'implicit', 'hosts'],
    answers: always('unchanged'),
    speaks: false,
    jwts: 'used up',
  },
  clientKeys: {
    name: '`jwks_uri` of a client',
    stages: ['client', 'both', 'hosts'],
    answers: { throws: busy, hangs: busy, nothing: noClient, another: noClient, garbage: noClient },
    speaks: false,
    jwts: 'unused',
  },
  issuerKeys: {
    name: '`jwks_uri` of an issuer',
    stages: ['grant', 'both'],
    answers: { throws: busy, hangs: busy, nothing: noGrant, another: noGrant, garbage: noGrant },
    speaks: false,
    jwts: 'unused',
  },
} as const satisfies Record<string, Part>
export type PartName = keyof typeof parts

/** The table of SECURITY.md, a row for each part. */
export function faultTable(): string[] {
  const kinds = ['throws', 'hangs', 'nothing', 'another', 'garbage'] as const
  const shown = (answer: Answer) => (answer === 'unchanged' ? answer : answer.replace(/ (.*)/, ' `$1`'))
  return [
    `| what fails | ${kinds.map((kind) => faultKinds[kind]).join(' | ')} | the JWTs of the request |`,
    `|---|${kinds.map(() => '---|').join('')}---|`,
    ...Object.values(parts).map(
      ({ name, answers, jwts }) => `| ${name} | ${kinds.map((kind) => shown(answers[kind])).join(' | ')} | ${jwts} |`,
    ),
  ]
}
