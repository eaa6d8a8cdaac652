/** Which single edits may mend a token request that was refused for another reason than its JWTs, by reason. */
import { assertClient, assertTrustedIssuer } from '../host/check-registration.js'
import { CLIENT_CREDENTIALS, grantTypeNames, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT } from '../host/options.js'
import { hostScope } from '../rules/scope.js'
import type { Edit } from './explanation.js'
import { option, type Proposals, type Situation } from './proposals.js'

const parameter = (
  name: string,
  value: string | undefined,
  text = value === undefined ? `send no \`${name}\` parameter` : `send \`${name}=${value}\``,
): Edit => ({
  side: 'sender',
  text,
  path: `form.${name}`,
  ...(value !== undefined && { value }),
  weakens: false,
})
const ofClient = (member: string, value: unknown, text = `register \`${member}: ${JSON.stringify(value)}\` for the client`): Edit => ({
  side: 'server',
  text,
  path: `client.${member}`,
  value,
  weakens: true,
})
const ofIssuer = (member: string, value: unknown): Edit => ({
  side: 'server',
  text: `register \`${member}: ${JSON.stringify(value)}\` for the issuer`,
  path: `issuer.${member}`,
  value,
  weakens: true,
})

const sole = ({ subject }: Situation, name: string) => subject.form[name]?.[0]
const isSent = ({ subject }: Situation, name: string) => subject.form[name] !== undefined
const listOf = (value: unknown): string[] => (Array.isArray(value) ? value : [])
const scopes = (scope: string | null | undefined) => hostScope(scope ?? '')

/** A narrower scope that all ceilings allow, and wider ceilings. */
function scope(s: Situation): (Edit | undefined)[] {
  const { client, issuer } = s.subject
  const requested = scopes(sole(s, 'scope'))
  const claimed = s.subject.assertion?.claims.scope
  const ceilings = [client?.scope, issuer?.scope, typeof claimed === 'string' ? claimed : undefined].filter(
    (one) => one !== undefined && one !== null,
  )
  const narrow = requested.filter((one) => ceilings.every((ceiling) => scopes(ceiling).includes(one))).join(' ')
  const wide = (ceiling: string | null | undefined) => [...new Set([...scopes(ceiling), ...requested])].join(' ')
  return [
    isSent(s, 'scope') ? parameter('scope', narrow === '' ? undefined : narrow) : undefined,
    client && requested.length > 0 ? ofClient('scope', wide(client.scope)) : undefined,
    issuer?.scope !== undefined && requested.length > 0 ? ofIssuer('scope', wide(issuer.scope)) : undefined,
  ]
}

/** Removing what a check of the registration finds wrong. */
function wrongMembers({ subject: { client, issuer }, use }: Situation): Edit[] {
  const [part, registration, check] =
    use === 'grant' ? (['issuer', issuer, assertTrustedIssuer] as const) : (['client', client, assertClient] as const)
  const isWrong = (member: string, value: unknown) => {
    try {
      check({ [member]: value } as never)
      return false
    } catch {
      return true
    }
  }
  return Object.entries(registration ?? {})
    .filter(([member, value]) => isWrong(member, value))
    .map(([member]) => ({
      side: 'server',
      text: `correct or remove \`${member}\` of the ${part}`,
      path: `${part}.${member}`,
      weakens: true,
    }))
}

export const editsOfRequest: Proposals = {
  unsupported_grant_type: (s) => [
    parameter('grant_type', isSent(s, 'assertion') ? JWT_BEARER_GRANT : CLIENT_CREDENTIALS),
    grantTypeNames.some((name) => name === sole(s, 'grant_type'))
      ? option('grantTypes', [...s.settings.grantTypes, sole(s, 'grant_type')])
      : undefined,
  ],
  missing_parameter: (s) =>
    isSent(s, 'grant_type') ? [] : [parameter('grant_type', isSent(s, 'assertion') ? JWT_BEARER_GRANT : CLIENT_CREDENTIALS)],
  duplicate_parameter: (s) =>
    Object.entries(s.subject.form)
      .filter(([name, values]) => values.length > 1 && !['resource', 'audience'].includes(name))
      .map(([name, values]) => parameter(name, values[0], `send \`${name}\` once`)),
  incomplete_client_assertion: (s) =>
    isSent(s, 'client_assertion') ? [parameter('client_assertion_type', JWT_BEARER_CLIENT_ASSERTION)] : [],
  unsupported_client_assertion_type: () => [parameter('client_assertion_type', JWT_BEARER_CLIENT_ASSERTION)],
  multiple_client_auth_assertion: (s) => [isSent(s, 'client_secret') ? parameter('client_secret', undefined) : undefined],
  multiple_client_auth: (s) => [isSent(s, 'client_secret') ? parameter('client_secret', undefined) : undefined],
  client_identity_mismatch: (s) => [isSent(s, 'client_id') ? parameter('client_id', undefined) : undefined],
  client_id_mismatch: (s) => [isSent(s, 'client_id') ? parameter('client_id', undefined) : undefined],
  grant_not_allowed_for_client: (s) => [ofClient('grant_types', [...listOf(s.subject.client?.grant_types), sole(s, 'grant_type')])],
  public_client_not_allowed: (s) => [
    s.settings.publicClients ? undefined : option('publicClients', { scope: s.subject.issuer?.scope ?? s.subject.form.scope?.[0] ?? '' }),
    s.subject.issuer && s.settings.publicClients ? ofIssuer('client_authentication', 'identified') : undefined,
  ],
  client_disabled: () => [ofClient('enabled', true)],
  grant_client_disabled: () => [ofClient('enabled', true)],
  client_secret_expired: () => [ofClient('client_secret_expires_at', 0)],
  client_misconfigured: wrongMembers,
  registration_invalid: wrongMembers,
  auth_method_not_registered: ({ seen }) => [ofClient('token_endpoint_auth_method', (seen as { method?: string } | null)?.method)],
  auth_method_not_enabled: ({ seen, settings }) => [
    typeof seen === 'string' ? option('clientAuthMethods', [...settings.clientAuthMethods, seen]) : undefined,
  ],
  client_auth_missing: (s) => [s.subject.issuer ? ofIssuer('client_authentication', 'none') : undefined],
  client_binding_mismatch: (s) => {
    const id = s.subject.client?.client_id
    const claimed = s.subject.assertion?.claims.client_id
    if (claimed !== undefined)
      return [
        {
          side: 'signer',
          text: 'send the `client_id` claim of the client that presents the grant',
          path: 'assertion.claims.client_id',
          ...(id !== undefined && { value: id }),
          weakens: false,
        },
      ]
    const { clients } = s.subject.issuer ?? {}
    return [id === undefined ? undefined : ofIssuer('clients', [...listOf(clients), id])]
  },
  pop_required: () => [
    { side: 'signer', text: 'send no `cnf` claim: a token is then bound to no key', path: 'assertion.claims.cnf', weakens: true },
  ],
  dpop_not_supported: () => [ofClient('dpop_bound_access_tokens', false)],
  scope_malformed: (s) => [isSent(s, 'scope') ? parameter('scope', undefined) : undefined],
  scope_exceeds_client: scope,
  scope_exceeds_issuer: scope,
  scope_exceeds_grant: scope,
  scope_missing: (s) => [s.subject.client?.scope ? parameter('scope', s.subject.client.scope) : undefined],
  scope_param_forbidden: () => [parameter('scope', undefined)],
  target_invalid: () => [parameter('resource', undefined)],
  target_not_allowed: () => [parameter('resource', undefined)],
  resource_not_allowed: (s) => {
    const { resources } = s.subject.issuer ?? {}
    const sent = [s.subject.assertion?.claims.resource ?? []].flat().filter((one) => typeof one === 'string')
    return [
      isSent(s, 'resource') ? parameter('resource', undefined) : undefined,
      resources && {
        side: 'signer',
        text: `send \`resource: ${resources[0]}\``,
        path: 'assertion.claims.resource',
        value: resources[0],
        weakens: false,
      },
      resources && ofIssuer('resources', [...resources, ...sent]),
    ]
  },
  subject_incomplete: (s) => [
    ...(s.subject.issuer?.subject ?? []).map(
      (name): Edit => ({
        side: 'signer',
        text: `send the claim \`${name}\``,
        path: `assertion.claims.${name}`,
        value: 'the value of the signer',
        weakens: false,
      }),
    ),
    ofIssuer('subject', []),
  ],
  subject_not_allowed: (s) => {
    const sub = s.subject.assertion?.claims.sub
    const { subjects } = s.subject.issuer ?? {}
    return [Array.isArray(subjects) && typeof sub === 'string' ? ofIssuer('subjects', [...subjects, sub]) : undefined]
  },
}
