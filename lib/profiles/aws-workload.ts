import { ConfigurationError, type TrustedIssuer } from '../index.js'
import type { Lines, Profile, Wrong } from './profile.js'
import {
  asGrant,
  notAllowed,
  notForUs,
  type WorkloadArguments,
  withoutKeys,
  workloadIssuer,
  workloadLines,
  wrongAudience,
} from './workload.js'

/** Arguments of {@link awsWorkload}. */
export interface AwsWorkloadArguments extends Omit<WorkloadArguments, 'subjects'> {
  /** The issuer of the AWS account, such as `https://….tokens.sts.global.api.aws`. IAM shows it if outbound identity federation is enabled. */
  issuer: string
  /** The ARN of the IAM role or user, such as `arn:aws:iam::123456789012:role/reports`. The account in it must match, too. */
  principal: string
}

const claim = 'https://sts.amazonaws.com/'
const lines = {
  ...workloadLines,
  subjects: { argument: 'principal', why: 'only this role or user', rows: ['WI-04'] },
  [`claims ${claim} aws_account`]: {
    argument: 'principal',
    why: 'only this account: names in an ARN are chosen by its owner',
    rows: ['WI-04'],
  },
  algorithms: { value: ['RS256', 'ES384'], why: 'the algorithms of AWS', rows: ['WI-04'] },
  requireJti: { value: true, why: 'these tokens have a `jti`', rows: ['WI-01'] },
  replay: { value: 'one-time', why: 'a workload can ask for a token whenever it needs one', rows: ['WI-01'] },
  maxLifetime: { value: 3600, why: 'AWS signs for an hour at most', rows: ['WI-07'] },
} satisfies Lines

const arn = /^arn:aws[a-z-]*:iam::(\d{12}):(?:role|user)\/\S+$/

/**
 * Workloads of AWS, such as Lambda, ECS and EC2. A workload asks `sts:GetWebIdentityToken` for a token with the `audience`, and sends it as a grant.
 *
 * @throws ConfigurationError if `principal` is not the ARN of one role or user; if an argument is missing or more lenient than the profile
 * @example awsWorkload({ issuer: 'https://abc123.tokens.sts.global.api.aws', audience: 'https://as.example.com', principal: 'arn:aws:iam::123456789012:role/reports' })
 */
export function awsWorkload({ issuer, principal, ...more }: AwsWorkloadArguments): TrustedIssuer {
  const [, aws_account] = arn.exec(principal) ?? []
  if (aws_account === undefined || /[*?]/.test(principal))
    throw new ConfigurationError(
      'awsWorkload: principal must be the ARN of one role or user, such as arn:aws:iam::123456789012:role/reports.',
    )
  return workloadIssuer({ name: 'awsWorkload', lines, issuer, own: { subjects: [principal], claims: { [claim]: { aws_account } } } }, more)
}

const principal = 'arn:aws:iam::123456789012:role/reports'
const claimsOf = (aws_account: string) => ({
  [claim]: { aws_account, source_region: 'eu-central-1', org_id: 'o-abc1234567', request_tags: { job: 'nightly' } },
})

const wrong = {
  otherRole: {
    wrong: 'It is of another role of the account.',
    claims: { sub: 'arn:aws:iam::123456789012:role/web' },
    error: 'invalid_grant',
    reason: 'subject_not_allowed',
    rows: ['WI-04', 'T-81'],
  },
  otherAccount: {
    wrong: 'It is of another account.',
    claims: claimsOf('210987654321'),
    ...notAllowed,
    rows: ['WI-04', 'T-81'],
  },
  forOtherServer: {
    wrong: 'Its `aud` is another server.',
    claims: { aud: 'https://api.example.net' },
    ...notForUs,
  },
  ...wrongAudience,
} as const satisfies Record<string, Wrong>

export const awsWorkloadProfile: Profile = {
  name: 'awsWorkload',
  about: 'workloads of AWS with an IAM role',
  makes: 'TrustedIssuer',
  lines,
  example:
    "awsWorkload({ issuer: 'https://abc123.tokens.sts.global.api.aws', audience: 'https://as.example.com', principal: 'arn:aws:iam::123456789012:role/reports', scope: 'reports:write' })",
  registration: ({ server, issuer, scope }) => ({ issuer: withoutKeys(awsWorkload({ issuer, audience: server, scope, principal })) }),
  sample: {
    ...asGrant,
    alg: 'ES384',
    lifetime: 900,
    header: { typ: 'JWT' },
    claims: { iss: '$issuer', sub: principal, ...claimsOf('123456789012') },
  },
  wrong,
}
