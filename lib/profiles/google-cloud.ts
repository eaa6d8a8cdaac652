import { type ClaimRules, ConfigurationError, type TrustedIssuer } from '../index.js'
import type { Lines, Profile, Wrong } from './profile.js'
import {
  acceptsOfReusable,
  asGrant,
  notAllowed,
  notForUs,
  type WorkloadArguments,
  withoutKeys,
  workloadIssuer,
  workloadLines,
  wrongAudience,
} from './workload.js'

/** Arguments of {@link googleCloud}. */
export interface GoogleCloudArguments extends Omit<WorkloadArguments, 'subjects'> {
  /** The unique id of the service account, digits alone: not its email address, which another account can get later. */
  service_account: string
  /** The number of the project of the virtual machine. Only tokens of Compute Engine with `format=full` have it. */
  project_number?: number
  /** The id of the virtual machine, digits alone. Only tokens of Compute Engine with `format=full` have it. */
  instance_id?: string
}

const lines = {
  ...workloadLines,
  subjects: { argument: 'service_account', why: 'only this service account, by an id that is never given again', rows: ['WI-04'] },
  'claims.google.compute_engine.project_number': { argument: 'project_number', why: 'only machines of this project', rows: ['WI-04'] },
  'claims.google.compute_engine.instance_id': { argument: 'instance_id', why: 'only this machine', rows: ['WI-04'] },
  algorithms: { value: ['RS256'], why: 'the algorithm of Google', rows: ['WI-04'] },
  replay: { value: 'reusable', why: 'the metadata server and the libraries keep a token for an hour', rows: ['WI-07'] },
  maxLifetime: { value: 3600, why: 'Google signs for an hour', rows: ['WI-07'] },
} as const satisfies Lines

const isId = (id: unknown) => typeof id === 'string' && /^\d+$/.test(id)

/**
 * Workloads of Google Cloud, such as Cloud Run and Compute Engine. A workload asks its metadata server for an identity token with the `audience`, and
 * sends it as a grant.
 *
 * @throws ConfigurationError if `service_account` is not a unique id; if an argument is missing or more lenient than the profile
 * @example googleCloud({ audience: 'https://as.example.com', service_account: '104567890123456789012', scope: 'reports:write' })
 */
export function googleCloud({ service_account, project_number, instance_id, ...more }: GoogleCloudArguments): TrustedIssuer {
  const must = (argument: string, what: string) => new ConfigurationError(`googleCloud: ${argument} must be ${what}.`)
  if (!isId(service_account)) throw must('service_account', 'the unique id of the service account: digits as text, not its email address')
  if (instance_id !== undefined && !isId(instance_id)) throw must('instance_id', 'digits as text')
  if (project_number !== undefined && !Number.isSafeInteger(project_number)) throw must('project_number', 'a number, as Google sends it')
  const compute_engine = { ...(project_number !== undefined && { project_number }), ...(instance_id !== undefined && { instance_id }) }
  const claims: ClaimRules = Object.keys(compute_engine).length > 0 ? { google: { compute_engine } } : {}
  return workloadIssuer(
    { name: 'googleCloud', lines, issuer: 'https://accounts.google.com', own: { subjects: [service_account], claims } },
    more,
  )
}

const machine = { project_number: 739419398126, instance_id: '152986662232938449' }
const ofMachine = (changes: object) => ({
  google: { compute_engine: { ...machine, project_id: 'reports', zone: 'europe-west1-b', instance_name: 'reports-1', ...changes } },
})
const [ofAccount, ofSomebody] = ['104567890123456789012', '104567890123456789013']

const wrong = {
  otherAccount: {
    wrong: 'It is of another service account, or of a person: all of them have one issuer.',
    claims: { sub: ofSomebody, email: 'reports@reports.iam.gserviceaccount.com' },
    error: 'invalid_grant',
    reason: 'subject_not_allowed',
    rows: ['WI-04', 'T-81'],
  },
  otherProject: {
    wrong: 'The machine is in another project.',
    claims: ofMachine({ project_number: 1 }),
    ...notAllowed,
    rows: ['WI-04', 'T-81'],
  },
  otherMachine: { wrong: 'It is of another machine.', claims: ofMachine({ instance_id: '1' }), ...notAllowed, rows: ['WI-04'] },
  noMachine: { wrong: 'It says nothing about a machine.', claims: { google: undefined }, ...notAllowed, rows: ['WI-04'] },
  forOtherServer: {
    wrong: 'Its `aud` is another server.',
    claims: { aud: 'https://service.example.net' },
    ...notForUs,
  },
  ...wrongAudience,
} as const satisfies Record<string, Wrong>

export const googleCloudProfile: Profile = {
  name: 'googleCloud',
  about: 'workloads of Google Cloud with a service account',
  makes: 'TrustedIssuer',
  lines,
  example: "googleCloud({ audience: 'https://as.example.com', service_account: '104567890123456789012', scope: 'reports:write' })",
  registration: ({ server, scope }) => ({
    issuer: withoutKeys(googleCloud({ audience: server, scope, service_account: ofAccount, ...machine })),
  }),
  sample: {
    ...asGrant,
    alg: 'RS256',
    lifetime: 3600,
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://accounts.google.com',
      sub: ofAccount,
      azp: ofAccount,
      jti: null,
      email: 'reports@reports.iam.gserviceaccount.com',
      email_verified: true,
      ...ofMachine({}),
    },
  },
  wrong,
  accepts: acceptsOfReusable,
}
