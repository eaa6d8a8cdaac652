import type { Awaitable, Hooks } from '../host/hooks.js'
import { settingsOf } from '../host/settings.js'
import { draftOf } from './drafts.js'
import { delegates } from './dry-run.js'
import type { Case } from './edits.js'
import { explanation, keysOf, withKey, withSigners } from './explain.js'
import type { ExplainOptions, HowToExplain, RequestExplanation } from './explanation.js'
import { findFixes } from './fixes.js'
import { attempt, formEncoded } from './trial.js'

/**
 * Explains whether an endpoint answers a token request with a token, and what makes it pass: the same four steps as the endpoint, without
 * effects. It calls `findClient`, `findIssuer`, `verifyClientSecret`, `getClientCertificate` and `authorizeGrant`. It does not call
 * `mintToken`, and no JWT is used up: it cannot tell that one was used before. The search for fixes calls `authorizeGrant` again, up to 150
 * times: leave it out with `fixes: false` if your hook is slow or writes something.
 *
 * @param form the body: form-encoded, or its parameters
 * @throws ConfigurationError if the options are wrong
 * @example const { reason, fixes } = await explainRequest({ grant_type, assertion }, options)
 */
export async function explainRequest(
  form: string | URLSearchParams | Readonly<Record<string, string | readonly string[]>>,
  options: ExplainOptions,
  how: HowToExplain = {},
): Promise<RequestExplanation> {
  const raw = typeof form === 'string' ? form : encoded(form)
  const sent = [...new URLSearchParams(raw)]
  const values: Record<string, string[]> = Object.setPrototypeOf({}, null)
  for (const [name, value] of sent) {
    values[name] ??= []
    values[name].push(value)
  }
  const given = {
    form: values,
    raw,
    authorization: how.authorization,
    assertion: draftOf(values.assertion?.[0] ?? ''),
    client_assertion: draftOf(values.client_assertion?.[0] ?? ''),
    client: undefined,
    issuer: undefined,
  }
  return explainCase(given, options, how)
}

/** The options with a hook that compares each secret once, however often a fix is tried: hashes are slow on purpose. */
function comparingOnce(options: ExplainOptions): ExplainOptions {
  const { hooks } = options
  if (!hooks.verifyClientSecret) return options
  const results = new Map<string, Awaitable<boolean>>()
  const verifyClientSecret: Hooks['verifyClientSecret'] = (client, secret) => {
    const id = JSON.stringify([client?.client_id ?? null, secret])
    const result = results.get(id) ?? hooks.verifyClientSecret?.(client, secret) ?? false
    results.set(id, result)
    return result
  }
  return { ...options, hooks: { ...delegates(hooks), verifyClientSecret } }
}

/** Explains a request in parts. */
export async function explainCase(parts: Omit<Case, 'options'>, asked: ExplainOptions, how: HowToExplain): Promise<RequestExplanation> {
  const options = comparingOnce({ ...asked, hooks: asked?.hooks ?? {} })
  const settings = settingsOf('explainRequest', options)
  const given: Case = { ...parts, options }
  const first = await attempt('request', given, how)
  const known = await withSigners(given)
  const keys = { grant: await keysOf('grant', known, how), client: await keysOf('client', known, how) }
  const subject = withKey(withKey(known, 'assertion', keys.grant), 'client_assertion', keys.client)
  const verdict = subject.raw === undefined ? await attempt('request', subject, how) : first
  const { client_assertion, assertion } = parts.form
  const isRefused = !verdict.accepted && !verdict.leftToHost
  return {
    ...verdict,
    ...(client_assertion && { client: await explanation('client', subject, settings, how) }),
    ...(assertion && { grant: await explanation('grant', subject, settings, how) }),
    fixes: isRefused && how.fixes !== false ? await findFixes('request', { subject, verdict, keys }, how) : [],
  }
}

const encoded = (form: URLSearchParams | Readonly<Record<string, string | readonly string[]>>) =>
  form instanceof URLSearchParams ? form.toString() : formEncoded(form)
