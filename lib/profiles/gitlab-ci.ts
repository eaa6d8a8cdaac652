import { ConfigurationError, type TrustedIssuer } from '../index.js'
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

/** Arguments of {@link gitlabCi}: `project_id` or `namespace_id`, and further claims that must match. */
export interface GitlabCiArguments extends WorkloadArguments {
  /** The id of the project, as text. A fork has another id. */
  project_id?: Pin
  /** The id of the group or user that the project belongs to, as text. */
  namespace_id?: Pin
  /** The environment of the job. */
  environment?: Pin
  /** The name of the branch or tag, such as `main`. Set `ref_type`, too: a tag can have the name of a branch. */
  ref?: Pin
  /** What `ref` is. */
  ref_type?: 'branch' | 'tag'
  /** `'true'`: only protected branches and tags. */
  ref_protected?: 'true'
  /** What started the pipeline, such as `push`. */
  pipeline_source?: Pin
  /** The GitLab server. @default 'https://gitlab.com' */
  issuer?: string
}

const lines = {
  ...workloadLines,
  'claims.project_id': { argument: 'project_id', why: 'paths of projects can be taken by others, ids cannot', rows: ['WI-04'] },
  'claims.namespace_id': { argument: 'namespace_id', why: 'the id of the group, for the same reason', rows: ['WI-04'] },
  'claims.environment': { argument: 'environment', why: 'only jobs of this environment', rows: ['WI-04'] },
  'claims.ref': { argument: 'ref', why: 'only this branch or tag', rows: ['WI-04'] },
  'claims.ref_type': { argument: 'ref_type', why: 'a tag can have the name of a branch', rows: ['WI-04'] },
  'claims.ref_protected': { argument: 'ref_protected', why: 'only what not every developer may push', rows: ['WI-04'] },
  'claims.pipeline_source': { argument: 'pipeline_source', why: 'only pipelines that were started in this way', rows: ['WI-04'] },
  algorithms: { value: ['RS256'], why: 'the algorithm of GitLab', rows: ['WI-04'] },
  requireJti: { value: true, why: 'these tokens have a `jti`', rows: ['WI-01'] },
  replay: { value: 'one-time', why: 'a job has a token of its own', rows: ['WI-01'] },
  maxLifetime: { value: 3600, why: 'a token lives as long as its job may run, and this is the default', rows: ['WI-07'] },
} as const satisfies Lines

/**
 * Jobs of GitLab CI/CD. A job has an ID token with the `audience` (`id_tokens` in `.gitlab-ci.yml`), and sends it as a grant, once. Claims are matched
 * by id, and `sub` is not: paths can change hands.
 *
 * @throws ConfigurationError if neither `project_id` nor `namespace_id` is given; if `ref` is given without `ref_type`; if an argument is missing
 * or more lenient than the profile
 * @example gitlabCi({ audience: 'https://as.example.com', project_id: '20', ref: 'main', ref_type: 'branch', scope: 'deploy' })
 */
export function gitlabCi({
  project_id,
  namespace_id,
  environment,
  ref,
  ref_type,
  ref_protected,
  pipeline_source,
  issuer = 'https://gitlab.com',
  ...more
}: GitlabCiArguments): TrustedIssuer {
  const given = { project_id, namespace_id, environment, ref, ref_type, ref_protected, pipeline_source }
  const claims = pins('gitlabCi', given, ['project_id', 'namespace_id'])
  if (ref !== undefined && ref_type === undefined)
    throw new ConfigurationError('gitlabCi: ref_type must be set with ref: a tag can have the name of a branch.')
  return workloadIssuer({ name: 'gitlabCi', lines, issuer, own: { claims } }, more)
}

const ofSample = {
  project_id: '20',
  namespace_id: '72',
  environment: 'production',
  ref: 'main',
  ref_type: 'branch',
  ref_protected: 'true',
  pipeline_source: 'push',
} as const

const wrong = {
  fork: {
    wrong: 'It is of a fork, which has an id and a namespace of its own.',
    claims: { sub: 'project_path:mallory/my-project:ref_type:branch:ref:main', project_id: '21', namespace_id: '73' },
    ...notAllowed,
    rows: ['T-81'],
  },
  takenPath: {
    wrong: 'It is of another project that has taken the old path.',
    claims: { project_id: '21' },
    ...notAllowed,
    rows: ['WI-04', 'T-81'],
  },
  otherNamespace: { wrong: 'The project was moved to another group.', claims: { namespace_id: '73' }, ...notAllowed, rows: ['WI-04'] },
  otherEnvironment: { wrong: 'It is of another environment.', claims: { environment: 'staging' }, ...notAllowed, rows: ['T-81'] },
  otherBranch: { wrong: 'It is of another branch.', claims: { ref: 'test' }, ...notAllowed, rows: ['WI-04'] },
  tagOfThatName: { wrong: 'It is of a tag that has the name of the branch.', claims: { ref_type: 'tag' }, ...notAllowed, rows: ['WI-04'] },
  notProtected: { wrong: 'Its branch is not protected.', claims: { ref_protected: 'false' }, ...notAllowed, rows: ['WI-04'] },
  otherSource: {
    wrong: 'A merge request started the pipeline.',
    claims: { pipeline_source: 'merge_request_event' },
    ...notAllowed,
    rows: ['WI-04'],
  },
  forOtherServer: {
    wrong: 'Its `aud` is another server.',
    claims: { aud: 'https://vault.example.com' },
    ...notForUs,
  },
  ...wrongAudience,
} as const satisfies Record<string, Wrong>

export const gitlabCiProfile: Profile = {
  name: 'gitlabCi',
  about: 'jobs of GitLab CI/CD',
  makes: 'TrustedIssuer',
  lines,
  example: "gitlabCi({ audience: 'https://as.example.com', project_id: '20', ref: 'main', ref_type: 'branch', scope: 'deploy' })",
  registration: ({ server, scope }) => ({ issuer: withoutKeys(gitlabCi({ audience: server, scope, ...ofSample })) }),
  sample: {
    ...asGrant,
    alg: 'RS256',
    lifetime: 3600,
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://gitlab.com',
      sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
      project_path: 'my-group/my-project',
      namespace_path: 'my-group',
      ...ofSample,
    },
  },
  right: {
    renamed: {
      what: 'the project and its group have new paths',
      claims: { sub: 'project_path:cats/cat:ref_type:branch:ref:main', project_path: 'cats/cat', namespace_path: 'cats' },
      rows: ['WI-04'],
    },
  },
  wrong,
}
