import { describe, expect, it } from '@jest/globals'
import {
  answerTo,
  assertionRefusals,
  assertionUses,
  ConfigurationError,
  isAboutJwt,
  OAuthError,
  type OAuthErrorCode,
  oauthErrorCodes,
  ownOAuthError,
  Refusal,
  refusal,
  refusals,
} from '../../lib/host/errors.js'
import { evidenceOf } from '../../lib/host/evidence.js'
import { shown } from '../../lib/host/shown.js'
import { anyExpress } from '../support/express.js'
import { encode, form, sendRaw } from '../support/raw.js'
import { grantRequest, startWorld } from '../support/world.js'

/** RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E. */
const wireText = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/
const brand = Symbol.for('express-oauth-assertions.OAuthError')

const unseen = { seen: null, wanted: null }

describe('the tables of refusals', () => {
  it.each(oauthErrorCodes)('RS-09: the code %s is written in the characters of RFC 6749', (code) => {
    expect(code).toMatch(/^[a-z_]+$/)
  })

  it.each(Object.entries(refusals))('RS-05 RS-06 RS-09 T-65: %s', (_, [status, error, description]) => {
    expect(oauthErrorCodes).toContain(error)
    expect(description).toMatch(wireText)
    expect(description).toMatch(/^\S.{9,99}\.$/)
    const fitting: Partial<Record<OAuthErrorCode, number[]>> = {
      invalid_request: [400, 405, 413, 415],
      invalid_client: [401],
      server_error: [500],
      temporarily_unavailable: [503],
    }
    expect(fitting[error] ?? [400]).toContain(status)
  })

  it.each(Object.entries(assertionRefusals).filter(([, description]) => description !== null))('RS-06 T-65: %s', (_, description) => {
    expect(description).toMatch(wireText)
  })

  it.each(Object.entries(assertionUses))('RS-06 T-65: a JWT as %s', (_, [status, error, description]) => {
    expect(oauthErrorCodes).toContain(error)
    expect(status).toBe(error === 'invalid_client' ? 401 : 400)
    expect(description).toMatch(wireText)
  })

  it('T-57: a refusal is no Error: it has no stack and no text', () => {
    const cause = new Error('of one request')
    const evidence = { seen: 'x', wanted: 'y', cause }
    expect(refusal('hook_error', evidence)).toMatchObject({ reason: 'hook_error', evidence })
    for (const each of [refusal('client_unknown', evidence), refusal('expired', evidence)]) {
      expect(each).not.toBeInstanceOf(Error)
      expect(each).not.toHaveProperty('stack')
      expect(each).not.toHaveProperty('message')
    }
  })

  it('a reason stands in one table only', () => {
    expect(Object.keys(refusals).filter((reason) => reason in assertionRefusals)).toEqual([])
  })

  it('T-40 T-65: one text for all that would tell which clients, issuers, keys and subjects exist', () => {
    const textsOf = (...reasons: (keyof typeof refusals)[]) => new Set(reasons.map((reason) => refusals[reason].join()))
    expect(
      textsOf(
        'client_unknown',
        'client_disabled',
        'client_secret_mismatch',
        'client_secret_expired',
        'auth_method_not_registered',
        'client_identity_mismatch',
      ).size,
    ).toBe(1)
    expect(textsOf('client_binding_mismatch', 'subject_not_allowed', 'subject_unknown', 'subject_disabled', 'consent_missing').size).toBe(1)
    const telling = ['issuer_untrusted', 'issuer_disabled', 'key_not_found', 'signature_invalid', 'jti_replayed'] as const
    for (const reason of telling) expect(assertionRefusals[reason]).toBeNull()
  })

  it.each(Object.keys(refusals) as (keyof typeof refusals)[])('refusal(%s) is its row', (reason) => {
    const evidence = { seen: 'x', wanted: 'y', cause: new Error('inside') }
    const [status, error, error_description] = refusals[reason]
    for (const use of ['client', 'grant'] as const)
      expect(answerTo(refusal(reason, evidence), use)).toEqual({ status, error, error_description, reason, evidence })
  })

  it.each(['client', 'grant'] as const)('JC-04 JG-13: a refused JWT gets the error of its use as %s', (use) => {
    const [status, error, constant] = assertionUses[use]
    for (const reason of Object.keys(assertionRefusals) as (keyof typeof assertionRefusals)[]) {
      const answer = { status, error, error_description: assertionRefusals[reason] ?? constant, reason }
      expect(answerTo(refusal(reason, unseen), use)).toMatchObject(answer)
      const other = use === 'client' ? 'grant' : 'client'
      expect(answerTo(refusal(reason, unseen).as(use), other)).toMatchObject(answer)
      expect(answerTo(refusal(reason, unseen).as(use).as(other), other)).toMatchObject(answer)
    }
  })

  it('a refusal that is shown as another one keeps its reason for the event', () => {
    const shown = answerTo(new Refusal('client_unknown', unseen, 'client', 'multiple_client_auth_assertion'), 'client')
    const [status, error, error_description] = refusals.multiple_client_auth_assertion
    expect(shown).toMatchObject({ status, error, error_description, reason: 'client_unknown' })
  })

  it('whatever else is thrown says nothing to the client', () => {
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    for (const thrown of [new Error('secret'), 'secret', undefined, null, 7, revoked.proxy])
      expect(answerTo(thrown, 'grant')).toMatchObject({
        status: 500,
        error: 'server_error',
        reason: 'hook_error',
        error_description: refusals.hook_error[2],
      })
  })
})

describe('answerTo', () => {
  const cause = new TypeError('secret')
  it.each<[name: string, thrown: unknown, answer: object, seen: unknown]>([
    ['an exception', cause, { reason: 'hook_error', status: 500 }, 'TypeError was thrown'],
    ['a mistake of the host', new ConfigurationError('option x'), { reason: 'misconfigured', status: 500 }, 'option x'],
    [
      'an OAuthError',
      new OAuthError('invalid_grant', 'No.'),
      { reason: 'hook_denied', status: 400, error: 'invalid_grant', error_description: 'No.' },
      { error: 'invalid_grant', error_description: 'No.' },
    ],
    [
      'an OAuthError that is none any more',
      Object.assign(new OAuthError('invalid_grant'), { status: 200 }),
      { reason: 'hook_error', status: 500 },
      'TypeError was thrown',
    ],
  ])('%s: the answer, and what only the event tells', (_name, thrown, answer, seen) => {
    const given = answerTo(thrown, 'grant')
    expect(given).toMatchObject(answer)
    expect(evidenceOf(given.evidence).seen).toEqual(seen)
  })

  it('keeps what was thrown for a debugger', () => {
    expect(evidenceOf(answerTo(cause, 'grant').evidence).cause).toBe(cause)
    const mistake = new ConfigurationError('option x')
    expect(evidenceOf(answerTo(mistake, 'grant').evidence).cause).toBe(mistake)
    expect(evidenceOf(answerTo(new OAuthError('invalid_grant', '', { cause }), 'grant').evidence).cause).toBe(cause)
  })

  it('tells a refusal of a JWT from others', () => {
    expect(isAboutJwt(refusal('expired', unseen))).toBe(true)
    expect(isAboutJwt(refusal('client_unknown', unseen))).toBe(false)
  })
})

describe('OAuthError', () => {
  it('copies one of another copy of the package, with its cause if it has one', () => {
    const cause = new Error('x')
    expect(ownOAuthError(new OAuthError('invalid_grant', 'No.', { status: 429, reason: 'expired', cause }))).toMatchObject({
      name: 'OAuthError',
      error: 'invalid_grant',
      error_description: 'No.',
      status: 429,
      reason: 'expired',
      cause,
    })
    expect('cause' in ownOAuthError(new OAuthError('invalid_grant'))).toBe(false)
  })

  it.each([400, 599])('RS-05: %i is a status of an error', (status) => {
    expect(new OAuthError('invalid_grant', '', { status }).status).toBe(status)
  })

  it.each<[OAuthErrorCode, number]>([
    ['invalid_request', 400],
    ['invalid_client', 401],
    ['invalid_grant', 400],
    ['unauthorized_client', 400],
    ['unsupported_grant_type', 400],
    ['invalid_scope', 400],
    ['invalid_target', 400],
    ['invalid_authorization_details', 400],
    ['invalid_dpop_proof', 400],
    ['use_dpop_nonce', 400],
    ['server_error', 500],
    ['temporarily_unavailable', 503],
  ])('RS-05: %s has the status %i', (code, status) => {
    expect(new OAuthError(code)).toMatchObject({ error: code, status, error_description: '', message: code, reason: 'hook_denied' })
    expect(new OAuthError(code, 'Why.', { status: 429 })).toMatchObject({ status: 429, error_description: 'Why.', message: 'Why.' })
  })

  it.each<[string, unknown, string]>([
    ['quotes and backslashes', 'say "no" \\ "never"', 'say ?no? ? ?never?'],
    ['a line break', 'a\r\nSet-Cookie: x', 'a??Set-Cookie: x'],
    ['NUL, ESC and DEL', '\0\x1b[31m\x7f', '??[31m?'],
    ['other letters', 'café', 'caf?'],
    ['an emoji', 'a😀b', 'a??b'],
    ['a lone surrogate', 'a\ud800b', 'a?b'],
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a number', 42, '42'],
    ['all that is allowed', ' !#$%&()*+,-./09:;<=>?@AZ[]^_`az{|}~', ' !#$%&()*+,-./09:;<=>?@AZ[]^_`az{|}~'],
  ])('RS-06: a description of %s is written in the characters of RFC 6749', (_, description, text) => {
    expect(new OAuthError('invalid_grant', description as string).error_description).toBe(text)
  })

  it.each(['', 'Invalid_Request', 'invalid_request ', 'access_denied', '__proto__', 'toString', undefined, null, 7, ['invalid_request']])(
    'RS-09: %j is no code',
    (code) => {
      expect(() => new OAuthError(code as never)).toThrow(TypeError)
      expect(() => new OAuthError(code as never)).toThrow(
        `OAuthError: error must be one of ${oauthErrorCodes.join(', ')}, not ${shown(code)}.`,
      )
    },
  )

  it.each([0, 100, 200, 302, 399, 600, 999, 400.5, -400, Number.NaN, Number.POSITIVE_INFINITY, '400', null])(
    'RS-05: %p is no status of an error',
    (status) => {
      if (status === null) expect(new OAuthError('invalid_grant', '', { status } as never).status).toBe(400)
      else {
        const make = () => new OAuthError('invalid_grant', '', { status } as never)
        expect(make).toThrow(TypeError)
        expect(make).toThrow(`OAuthError: status must be a whole number from 400 to 599, not ${shown(status)}.`)
      }
    },
  )

  it.each(['', 'a b', 'Client_disabled', 'a\r\nSet-Cookie: x', 'expired\n', 'say "no"', 'é', 'a'.repeat(65), 7, ['expired'], {}])(
    'RS-06: %j is no name of a reason',
    (reason) => {
      const make = () => new OAuthError('invalid_grant', '', { reason } as never)
      expect(make).toThrow(TypeError)
      expect(make).toThrow(`OAuthError: reason must be a name such as client_disabled, not ${shown(reason)}.`)
      const foreign = { [brand]: true, error: 'invalid_grant', status: 400, reason }
      expect(answerTo(foreign, 'grant')).toMatchObject({ status: 500, reason: 'hook_error' })
    },
  )

  it('RS-06: a reason of another copy of this package may be one that is not known here', () => {
    for (const reason of ['a', 'reason_of_2030', 'a'.repeat(64)])
      expect(new OAuthError('invalid_grant', '', { reason: reason as never }).reason).toBe(reason)
  })

  it('RS-12: a handler that sends it as JSON reveals neither its reason nor its detail', () => {
    const error = new OAuthError('invalid_client', 'No.', { reason: 'client_disabled', detail: { seen: 'x', wanted: 'y' } })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'OAuthError',
      error: 'invalid_client',
      error_description: 'No.',
      status: 401,
    })
    expect(Object.keys({ ...error })).not.toContain('reason')
  })

  it('keeps its cause out of its text, and shows no stack as JSON', () => {
    const error = new OAuthError('invalid_grant', 'No.', { cause: new Error('secret') })
    expect(error.cause).toMatchObject({ message: 'secret' })
    expect(JSON.stringify(error)).not.toMatch(/secret|stack/)
    expect('cause' in new OAuthError('invalid_grant')).toBe(false)
    expect(new OAuthError('invalid_grant', '', { cause: undefined })).toHaveProperty('cause', undefined)
  })

  it('names a reason and what was seen and wanted for the event, also from another copy of the package', () => {
    const detail = { seen: { plan: 'ended' }, wanted: 'a plan' }
    const own = new OAuthError('invalid_client', 'Closed.', { reason: 'client_disabled', detail, cause: 'why' })
    const foreign = { [brand]: true, error: 'invalid_client', error_description: 'Closed.', status: 401, reason: 'client_disabled', detail }
    for (const thrown of [own, foreign]) {
      const { evidence, ...answer } = answerTo(thrown, 'grant')
      expect(answer).toEqual({ status: 401, error: 'invalid_client', error_description: 'Closed.', reason: 'client_disabled' })
      expect(evidenceOf(evidence)).toEqual({ ...detail, cause: thrown === own ? 'why' : undefined })
    }
    expect(JSON.stringify(own)).not.toContain('plan')
    expect(answerTo(new OAuthError('invalid_client'), 'grant').evidence).toMatchObject({ seen: { error: 'invalid_client' } })
  })

  it('is recognised by its brand, not by its class', () => {
    class Special extends OAuthError {}
    const foreign = Object.defineProperty(new Error('x'), brand, { value: true })
    expect(new OAuthError('invalid_grant')).toBeInstanceOf(OAuthError)
    expect(new OAuthError('invalid_grant')).toBeInstanceOf(Error)
    expect(new Special('invalid_grant')).toBeInstanceOf(OAuthError)
    expect(foreign).toBeInstanceOf(OAuthError)
    expect(foreign).not.toBeInstanceOf(Special)
    expect(new OAuthError('invalid_grant')).not.toBeInstanceOf(Special)
    expect(new Special('invalid_grant')).toBeInstanceOf(Special)
    const strangers = [null, undefined, 'x', 7, {}, new Error('x'), { [brand]: 1 }, { name: 'OAuthError', error: 'invalid_grant' }]
    for (const stranger of strangers) expect(stranger instanceof OAuthError).toBe(false)
    expect(new ConfigurationError('x')).not.toBeInstanceOf(OAuthError)
    expect(new Refusal('expired', unseen)).not.toBeInstanceOf(OAuthError)
  })
})

describe.each(anyExpress)('what a hook throws, on %s', (_, express) => {
  let thrown: unknown
  const world = startWorld(express, {
    hooks: {
      authorizeGrant: () => {
        throw thrown
      },
    },
  })
  const copy = (members: object) => Object.defineProperty(Object.assign(new Error('x'), members), brand, { value: true })
  const good = { error: 'invalid_grant', error_description: 'The account is closed.', status: 400, reason: 'hook_denied' }
  const serverError = { error: 'server_error', error_description: refusals.hook_error[2] }
  const { reason: ___, status: ____, ...body } = good

  it.each<[string, () => unknown, number, object, string]>([
    ['an OAuthError', () => new OAuthError('invalid_grant', 'The account is closed.'), 400, body, 'hook_denied'],
    ['one of another copy of the package', () => copy(good), 400, body, 'hook_denied'],
    [
      'one of a later version, with more members',
      () => copy({ ...good, error_uri: 'x', headers: { 'set-cookie': 'x' } }),
      400,
      body,
      'hook_denied',
    ],
    ['a code without description', () => copy({ error: 'invalid_scope' }), 400, { error: 'invalid_scope' }, 'hook_denied'],
    ['a tampered code', () => copy({ ...good, error: 'ok"\r\n' }), 500, serverError, 'hook_error'],
    [
      'a tampered description',
      () => copy({ ...good, error_description: 'a"\r\n\\é' }),
      400,
      { ...body, error_description: 'a?????' },
      'hook_denied',
    ],
    ['null as description', () => copy({ ...good, error_description: null }), 400, { error: 'invalid_grant' }, 'hook_denied'],
    ['a success as status', () => copy({ ...good, status: 200 }), 500, serverError, 'hook_error'],
    ['no status at all', () => copy({ ...good, status: '400\r\nX: y' }), 500, serverError, 'hook_error'],
    ['no member at all', () => ({ [brand]: true }), 500, serverError, 'hook_error'],
    [
      'a trap',
      () =>
        Object.defineProperty(copy(good), 'error', {
          get() {
            throw new Error('secret')
          },
        }),
      500,
      serverError,
      'hook_error',
    ],
    [
      'a description that is a trap',
      () => copy({ ...good, error_description: { toString: () => Symbol('x') } }),
      500,
      serverError,
      'hook_error',
    ],
    ['a plain object that looks like one', () => good, 500, serverError, 'hook_error'],
    [
      'an Error with status and body',
      () => Object.assign(new Error('secret'), { status: 404, expose: true, body: 'secret' }),
      500,
      serverError,
      'hook_error',
    ],
    ['text', () => 'secret', 500, serverError, 'hook_error'],
    ['undefined', () => undefined, 500, serverError, 'hook_error'],
    ['null', () => null, 500, serverError, 'hook_error'],
    ['a frozen object', () => Object.freeze({}), 500, serverError, 'hook_error'],
  ])('RS-05 RS-06 RS-12 T-57: %s', async (_, make, status, body, reason) => {
    thrown = make()
    const response = await sendRaw(world.server, { headers: [form], body: encode(grantRequest()) })
    expect({ status: response.status, body: JSON.parse(response.body) }).toEqual({ status, body })
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
    expect(response.headers).not.toHaveProperty('set-cookie')
    expect(world.last()).toMatchObject({ status, reason })
  })
})
