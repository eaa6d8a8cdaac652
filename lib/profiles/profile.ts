/** What a profile is: a table of what it sets and why, and a function that makes a registration of it. */
import type { Client, Options, Reason, TrustedIssuer } from '../index.js'

/** One member that a profile sets. */
export interface Line {
  /** The value, as it is registered. Absent if an argument of the profile says it. */
  readonly value?: unknown
  /** Which argument says it. */
  readonly argument?: string
  readonly why: string
  /** The rules of docs/requirements.md that it keeps. */
  readonly rows: readonly string[]
}

/**
 * Members by their path, such as `claims.tid`. If a name of the path has a dot, spaces stand between the names. If the profile makes a
 * `Registration`, the path begins with `issuer`, `client` or `options`.
 */
export type Lines = Readonly<Record<string, Line>>

/** What a client of the profile sends. `$name` stands for a value that the sender has: see `act-as`. `$now+5` is a time. `null` leaves a claim out. */
export interface Sample {
  readonly use: 'grant' | 'client'
  readonly alg: string
  readonly aud: 'issuer' | 'token-endpoint'
  /** Of the JWT, in seconds. */
  readonly lifetime: number
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly parameters: Readonly<Record<string, string>>
}

/** What differs from the sample. */
interface Changed {
  /** The JWT is not a grant, but the client assertion of {@link Profile.asClient}. */
  readonly asClient?: true
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Parameters of the token request to change. */
  readonly parameters?: Readonly<Record<string, string>>
  /** The rows that it proves. */
  readonly rows: readonly string[]
}

/** A JWT that the profile must refuse. */
export interface Wrong extends Changed {
  /** What is wrong, in one sentence. */
  readonly wrong: string
  readonly error: string
  readonly reason: Reason
}

/** A JWT that is unusual, and that the profile must accept. */
export interface Right extends Changed {
  readonly what: string
}

/** What the registrations of the sample are: keys are added by who sends it. */
export interface SampleRegistration {
  readonly issuer?: Partial<TrustedIssuer>
  readonly client?: Partial<Client>
  readonly options?: Partial<Options>
}

export interface Profile {
  readonly name: string
  /** Whose JWTs it is for, in one sentence. */
  readonly about: string
  /** What the function returns. A `Registration` is `{ issuer, client }`, or also `options`. */
  readonly makes: 'TrustedIssuer' | 'Client' | 'FederatedCredential' | 'Options' | 'Registration'
  /** The path of the token endpoint that its libraries have built in. */
  readonly path?: string
  readonly lines: Lines
  /** A call with example values, as code, and what it registers. */
  readonly example: string
  readonly registration: (values: SampleValues) => SampleRegistration
  readonly sample: Sample
  /** What the client of a profile for grants sends in its other requests. */
  readonly asClient?: Sample
  /** JWTs that it must accept besides the sample. */
  readonly right?: Readonly<Record<string, Right>>
  readonly wrong: Readonly<Record<string, Wrong>>
  /** Names of the spoiled JWTs of the test helpers that it does not refuse, and why. */
  readonly accepts?: Readonly<Record<string, string>>
}

/** The values that a sample is made with. */
export interface SampleValues {
  /** The issuer identifier of the server. */
  readonly server: string
  /** Its token endpoint. */
  readonly url: string
  readonly client_id: string
  readonly issuer: string
  readonly subject: string
  readonly scope: string
  readonly alg: string
}

/** The values of the lines, as one object. */
export function valuesOf(lines: Lines): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [path, line] of Object.entries(lines)) if ('value' in line) put(values, namesOf(path), line.value)
  return values
}

/** `claims.tid` has the names `claims` and `tid`, `claims kubernetes.io namespace` has three. */
export const namesOf = (path: string) => path.split(path.includes(' ') ? ' ' : '.')

function put(object: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    object[name] = value
    return
  }
  const inner = (object[name] ?? {}) as Record<string, unknown>
  object[name] = inner
  put(inner, rest, value)
}
