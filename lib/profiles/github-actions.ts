import type { TrustedIssuer } from '../index.js'
import type { Lines, Profile, Wrong } from './profile.js'
import {
  asGrant,
  notAllowed,
  notForUs,
  type Pin,
  pins,
  type WorkloadArguments,
  withoutKeys,
  workloadIssuer,
  workloadLines,
  wrongAudience,
} from './workload.js'

/** Arguments of {@link githubActions}: `repository_id` or `repository_owner_id`, and further claims that must match. */
export interface GithubActionsArguments extends WorkloadArguments {
  /** The id of the repository. It stays if the repository is renamed or gets another owner. A fork has another id. */
  repository_id?: Pin
  /** The id of the user or organisation that owns the repository. */
  repository_owner_id?: Pin
  /** The environment of the job. GitHub asks for its reviews first. */
  environment?: Pin
  /** The git ref of the run, such as `refs/heads/main`. */
  ref?: Pin
  /** The reusable workflow of the job, such as `octo-org/ci/.github/workflows/deploy.yml@refs/heads/main`. */
  job_workflow_ref?: Pin
  /** What started the run, such as `push`. A `pull_request_target` run has the `ref` of the branch it is for. */
  event_name?: Pin
  /** The issuer: of GitHub Enterprise Server, or of an enterprise. @default 'https://token.actions.githubusercontent.com' */
  issuer?: string
}

const lines = {
  ...workloadLines,
  'claims.repository_id': { argument: 'repository_id', why: 'names of repositories can be taken by others, ids cannot', rows: ['WI-04'] },
  'claims.repository_owner_id': { argument: 'repository_owner_id', why: 'the id of the owner, for the same reason', rows: ['WI-04'] },
  'claims.environment': { argument: 'environment', why: 'only jobs of this environment', rows: ['WI-04'] },
  'claims.ref': { argument: 'ref', why: 'only runs of this branch or tag', rows: ['WI-04'] },
  'claims.job_workflow_ref': { argument: 'job_workflow_ref', why: 'only jobs of this reusable workflow', rows: ['WI-04'] },
  'claims.event_name': { argument: 'event_name', why: 'only runs that were started in this way', rows: ['WI-04'] },
  algorithms: { value: ['RS256'], why: 'the algorithm of GitHub', rows: ['DI-12'] },
  requireJti: { value: true, why: 'these tokens have a `jti`', rows: ['DI-12', 'WI-01'] },
  replay: { value: 'one-time', why: 'a job can ask for a token whenever it needs one', rows: ['WI-01'] },
  maxLifetime: { value: 900, why: 'GitHub signs for minutes', rows: ['DI-12', 'WI-07'] },
} as const satisfies Lines

/**
 * Jobs of GitHub Actions. A job asks GitHub for a token with the `audience`, and sends it as a grant. Claims are matched by id, and `sub` is not:
 * so its old and its new form, and a new name of the repository, make no difference.
 *
 * @throws ConfigurationError if neither `repository_id` nor `repository_owner_id` is given; if an argument is missing or more lenient than the profile
 * @example githubActions({ audience: 'https://as.example.com', repository_id: '74', environment: 'production', scope: 'deploy' })
 */
export function githubActions({
  repository_id,
  repository_owner_id,
  environment,
  ref,
  job_workflow_ref,
  event_name,
  issuer = 'https://token.actions.githubusercontent.com',
  ...more
}: GithubActionsArguments): TrustedIssuer {
  const given = { repository_id, repository_owner_id, environment, ref, job_workflow_ref, event_name }
  const claims = pins('githubActions', given, ['repository_id', 'repository_owner_id'])
  return workloadIssuer({ name: 'githubActions', lines, issuer, own: { claims } }, more)
}

const ofSample = {
  repository_id: '74',
  repository_owner_id: '65',
  environment: 'production',
  ref: 'refs/heads/main',
  job_workflow_ref: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
  event_name: 'push',
}

const wrong = {
  fork: {
    wrong: 'It is of a fork, which has an id and an owner of its own.',
    claims: { sub: 'repo:mallory/octo-repo:environment:production', repository_id: '99', repository_owner_id: '66' },
    ...notAllowed,
    rows: ['T-81'],
  },
  takenName: {
    wrong: 'It is of another repository that has taken the old name.',
    claims: { repository_id: '75' },
    ...notAllowed,
    rows: ['WI-05', 'T-81'],
  },
  otherOwner: {
    wrong: 'The repository belongs to somebody else now.',
    claims: { repository_owner_id: '66' },
    ...notAllowed,
    rows: ['WI-04'],
  },
  otherEnvironment: {
    wrong: 'It is of another environment.',
    claims: { sub: 'repo:octo-org/octo-repo:environment:staging', environment: 'staging' },
    ...notAllowed,
    rows: ['T-81'],
  },
  otherBranch: { wrong: 'It is of another branch.', claims: { ref: 'refs/heads/test' }, ...notAllowed, rows: ['WI-04'] },
  otherWorkflow: {
    wrong: 'It is of another workflow.',
    claims: { job_workflow_ref: 'octo-org/octo-repo/.github/workflows/test.yml@refs/heads/main' },
    ...notAllowed,
    rows: ['WI-04'],
  },
  otherEvent: {
    wrong: 'A pull request started the run, with the `ref` of the branch it is for.',
    claims: { event_name: 'pull_request_target' },
    ...notAllowed,
    rows: ['WI-04'],
  },
  pullRequest: {
    wrong: 'It is of a pull request.',
    claims: { sub: 'repo:octo-org/octo-repo:pull_request', ref: 'refs/pull/7/merge', environment: undefined, event_name: 'pull_request' },
    ...notAllowed,
    rows: ['WI-04'],
  },
  idAsNumber: { wrong: 'Its id is a number, and GitHub sends text.', claims: { repository_id: 74 }, ...notAllowed, rows: ['WI-04'] },
  forOtherServer: {
    wrong: 'Its `aud` is the owner, as it is by default.',
    claims: { aud: 'https://github.com/octo-org' },
    ...notForUs,
    rows: ['DI-12', 'WI-02'],
  },
  ...wrongAudience,
} as const satisfies Record<string, Wrong>

export const githubActionsProfile: Profile = {
  name: 'githubActions',
  about: 'jobs of GitHub Actions',
  makes: 'TrustedIssuer',
  lines,
  example: "githubActions({ audience: 'https://as.example.com', repository_id: '74', environment: 'production', scope: 'deploy' })",
  registration: ({ server, scope }) => ({ issuer: withoutKeys(githubActions({ audience: server, scope, ...ofSample })) }),
  sample: {
    ...asGrant,
    alg: 'RS256',
    lifetime: 300,
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://token.actions.githubusercontent.com',
      sub: 'repo:octo-org/octo-repo:environment:production',
      repository: 'octo-org/octo-repo',
      repository_owner: 'octo-org',
      ...ofSample,
    },
  },
  right: {
    immutableSubject: {
      what: 'the form of `sub` since July 2026, with ids',
      claims: { sub: 'repo:octo-org@65/octo-repo@74:environment:production' },
      rows: ['WI-05'],
    },
    renamed: {
      what: 'the repository and its owner have new names',
      claims: { sub: 'repo:cat-org/cat-repo:environment:production', repository: 'cat-org/cat-repo', repository_owner: 'cat-org' },
      rows: ['WI-05'],
    },
  },
  wrong,
}
