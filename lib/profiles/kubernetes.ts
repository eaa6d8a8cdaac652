import type { FederatedCredential, TrustedIssuer } from '../index.js'
import type { Lines, Profile, Wrong } from './profile.js'
import { type IssuerArguments, required } from './tightened.js'
import {
  acceptsOfReusable,
  asGrant,
  notAllowed,
  pins,
  type WorkloadArguments,
  withoutKeys,
  workloadIssuer,
  workloadLines,
  wrongAudience,
} from './workload.js'

/** Arguments of {@link kubernetes}. */
export interface KubernetesArguments extends WorkloadArguments {
  /** The issuer of the cluster: `iss` of its tokens, and `issuer` in what `kubectl get --raw /.well-known/openid-configuration` shows. */
  issuer: string
  /** The namespace of the service account. */
  namespace: string
  /** The name of the service account. */
  serviceaccount: string
  /** The uid of the service account. One that is made again under the same name has another uid. */
  serviceaccount_uid?: string
}

/** Arguments of {@link kubernetesCredential}. */
export type KubernetesCredentialArguments = Omit<
  KubernetesArguments,
  Exclude<keyof IssuerArguments, keyof FederatedCredential> | 'audience'
> & {
  /** The `aud` of the token. @default the issuer identifier of this server */
  audience?: string
}

const lines = {
  ...workloadLines,
  'claims kubernetes.io namespace': { argument: 'namespace', why: 'only this namespace', rows: ['WI-04'] },
  'claims kubernetes.io serviceaccount name': { argument: 'serviceaccount', why: 'only this service account', rows: ['WI-04'] },
  'claims kubernetes.io serviceaccount uid': {
    argument: 'serviceaccount_uid',
    why: 'not another service account that has taken its name',
    rows: ['WI-04'],
  },
  algorithms: { value: ['RS256', 'ES256', 'ES384'], why: 'the algorithms of clusters', rows: ['DI-13'] },
  replay: { value: 'reusable', why: 'a pod reads one token from a file until the file has a new one', rows: ['DI-13', 'WI-07'] },
  maxLifetime: { value: 3600, why: '`expirationSeconds` of a projected volume, by default', rows: ['DI-13', 'WI-07'] },
} as const satisfies Lines

const profile = { name: 'kubernetes', lines }

function claimsOf({ namespace, serviceaccount, serviceaccount_uid }: KubernetesArguments) {
  required('kubernetes', { namespace, serviceaccount })
  const given = { name: serviceaccount, ...(serviceaccount_uid !== undefined && { uid: serviceaccount_uid }) }
  return { 'kubernetes.io': { namespace, serviceaccount: pins('kubernetes', given, ['name']) } }
}

/** The same without the arguments of its own. */
const withoutOwn = ({ issuer: _, namespace: __, serviceaccount: ___, serviceaccount_uid: ____, ...more }: KubernetesArguments) => more

/**
 * A service account of Kubernetes whose pods send the token of a projected volume as a grant. The keys are those of the cluster: `jwks`, or by
 * discovery if this server can reach the issuer.
 *
 * @throws ConfigurationError if an argument is missing or more lenient than the profile
 * @example kubernetes({ issuer: 'https://cluster.example.com', audience: 'https://as.example.com', namespace: 'prod', serviceaccount: 'reports' })
 */
export const kubernetes = (given: KubernetesArguments): TrustedIssuer =>
  workloadIssuer({ ...profile, issuer: given.issuer, own: { claims: claimsOf(given) } }, withoutOwn(given))

/**
 * The same token as a client assertion: for `federated_credentials` of a client with `token_endpoint_auth_method: 'private_key_jwt'`. The
 * request must have its `client_id`.
 *
 * @throws ConfigurationError as {@link kubernetes} does
 */
export function kubernetesCredential({ audience, ...given }: KubernetesCredentialArguments): FederatedCredential {
  const ofGrants = ['audience', 'client_authentication', 'lifetime', 'algorithms']
  const members = Object.entries(kubernetes({ ...given, audience: audience ?? 'the issuer identifier' }))
  return {
    ...(Object.fromEntries(members.filter(([member]) => !ofGrants.includes(member))) as Pick<FederatedCredential, 'issuer'>),
    subject: subjectOf(given),
    ...(audience !== undefined && { audience }),
  }
}

const subjectOf = ({ namespace, serviceaccount }: Pick<KubernetesArguments, 'namespace' | 'serviceaccount'>) =>
  `system:serviceaccount:${namespace}:${serviceaccount}`

const ofSample = { namespace: 'prod', serviceaccount: 'reports', serviceaccount_uid: '6c1e8f9a-5a0b-4f5e-9a4e-1c7a52c3f0de' }
const claimsOfSample = (namespace: string, name: string, uid = ofSample.serviceaccount_uid) => ({
  sub: subjectOf({ namespace, serviceaccount: name }),
  'kubernetes.io': { namespace, serviceaccount: { name, uid }, pod: { name: `${name}-7d4b` } },
})

const wrong = {
  otherNamespace: {
    wrong: 'It is of a service account of the same name in another namespace.',
    claims: claimsOfSample('test', 'reports'),
    ...notAllowed,
    rows: ['WI-04', 'T-81'],
  },
  otherAccount: {
    wrong: 'It is of another service account of the namespace.',
    claims: claimsOfSample('prod', 'default'),
    ...notAllowed,
    rows: ['WI-04', 'T-81'],
  },
  madeAgain: {
    wrong: 'The service account was deleted and made again.',
    claims: claimsOfSample('prod', 'reports', '0b9d3c52-1f5a-4d0e-8a60-3f2f6d8b7c11'),
    ...notAllowed,
    rows: ['WI-04'],
  },
  onlyItsSubject: {
    wrong: 'Its `sub` is right, but it names no namespace: old tokens that never expire are so.',
    claims: { 'kubernetes.io': undefined },
    ...notAllowed,
    rows: ['WI-04'],
  },
  forCluster: {
    wrong: 'Its `aud` is the cluster, as without a projected volume.',
    claims: { aud: ['https://kubernetes.default.svc.cluster.local'] },
    error: 'invalid_grant',
    reason: 'aud_not_registered',
    rows: ['WI-02', 'DI-13'],
  },
  ...wrongAudience,
} as const satisfies Record<string, Wrong>

export const kubernetesProfile: Profile = {
  name: 'kubernetes',
  about: 'pods of Kubernetes',
  makes: 'TrustedIssuer',
  lines,
  example:
    "kubernetes({ issuer: 'https://cluster.example.com', audience: 'https://as.example.com', namespace: 'prod', serviceaccount: 'reports', scope: 'reports:write' })",
  registration: ({ server, issuer, scope }) => ({ issuer: withoutKeys(kubernetes({ issuer, audience: server, scope, ...ofSample })) }),
  sample: {
    ...asGrant,
    alg: 'RS256',
    lifetime: 3600,
    claims: { iss: '$issuer', aud: ['$server'], ...claimsOfSample('prod', 'reports') },
  },
  right: { withoutId: { what: 'no `jti`, as from older clusters', claims: { jti: undefined }, rows: ['DI-13'] } },
  wrong,
  accepts: acceptsOfReusable,
}
