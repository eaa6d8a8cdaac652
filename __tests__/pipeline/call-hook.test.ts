/** What a hook's answer, its exception, or its silence comes to. */
import { describe, expect, it } from '@jest/globals'
import { isRefusal, OAuthError, type RefusalReason, refusal } from '../../lib/host/errors.js'
import { type Evidence, evidenceOf } from '../../lib/host/evidence.js'
import { callHook } from '../../lib/pipeline/call-hook.js'

const never = () => new Promise<never>(() => {})
/** What `callHook` throws. */
const thrownBy = async (call: () => unknown, seconds = 5, ...reasons: RefusalReason[]) => {
  try {
    await callHook('theHook', seconds, call, ...reasons)
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
async function refusalBy(...given: Parameters<typeof thrownBy>): Promise<Evidence & { reason: string }> {
  const error = await thrownBy(...given)
  if (!isRefusal(error)) throw error
  return { reason: error.reason, ...evidenceOf(error.evidence) }
}

describe('callHook', () => {
  const then = (resolve: (value: string) => void) => resolve('x')
  it.each<[name: string, answer: unknown, result: unknown]>([
    ['undefined', undefined, undefined],
    ['null', null, null],
    ['false', false, false],
    ['text', 'x', 'x'],
    ['a promise', Promise.resolve('x'), 'x'],
    ['a promise of nothing', Promise.resolve(), undefined],
    ['another kind of promise', { then }, 'x'],
    ['a function that is a promise', Object.assign(() => {}, { then }), 'x'],
  ])('T-57 gives what the hook gives: %s', async (_name, answer, result) => {
    expect(await callHook('theHook', 5, () => answer)).toBe(result)
  })

  it('T-57 takes an object whose `then` is no function for an object', async () => {
    const answer = { then: 'x' }
    // an async function would look for `then` once more, so this is about what it does not call
    expect(await callHook('theHook', 5, () => answer)).toBe(answer)
  })

  it.each<[name: string, call: () => unknown]>([
    ['a promise', never],
    ['another kind of promise', () => ({ then() {} })],
    ['a promise of a promise', () => ({ then: (resolve: (value: unknown) => void) => resolve(never()) })],
  ])('T-57 waits no longer than it may for %s', async (_name, call) => {
    expect(await refusalBy(call, 0.01)).toEqual({
      reason: 'hook_timeout',
      seen: 'theHook did not answer',
      wanted: { within_seconds: 0.01 },
    })
    expect((await refusalBy(call, 0.01, 'replay_store_error', 'replay_store_full')).reason).toBe('replay_store_full')
  })

  it.each<[name: string, call: () => unknown]>([
    ['an answer', () => Promise.resolve('x')],
    ['an exception', () => Promise.reject(new Error('x'))],
  ])('T-57 keeps no timer after %s', async (_name, call) => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    await callHook('theHook', 60, call).catch(() => {})
    expect(timers()).toBe(before)
  })

  it.each<[name: string, thrown: unknown, seen: string]>([
    ['an Error', new TypeError('hunter2'), 'theHook threw TypeError'],
    ['an Error that looks like an OAuthError', Object.assign(new Error('hunter2'), { error: 'invalid_grant' }), 'theHook threw Error'],
    ['text', 'hunter2', 'theHook threw string'],
    ['nothing', undefined, 'theHook threw undefined'],
  ])('T-57 says which hook threw %s, and keeps that for a debugger', async (_name, thrown, seen) => {
    for (const call of [
      () => {
        throw thrown
      },
      () => Promise.reject(thrown),
    ]) {
      expect(await refusalBy(call)).toEqual({ reason: 'hook_error', seen, wanted: 'a result of theHook', cause: thrown })
      expect((await refusalBy(call, 5, 'replay_store_error')).reason).toBe('replay_store_error')
    }
  })

  it('T-57 takes what cannot be read for an exception', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect((await refusalBy(() => Promise.reject(proxy))).reason).toBe('hook_error')
  })

  it('ER-45 passes on an OAuthError, as it should have been', async () => {
    const error = await thrownBy(() => Promise.reject(Object.assign(new OAuthError('invalid_grant', 'No.'), { error_description: 'a"' })))
    expect(error).toMatchObject({ error: 'invalid_grant', error_description: 'a?', status: 400 })
    const odd = Object.assign(new OAuthError('invalid_grant'), { status: 200 })
    expect((await refusalBy(() => Promise.reject(odd))).reason).toBe('hook_error')
  })

  it('passes on a refusal', async () => {
    const refused = refusal('subject_unknown', { seen: 'x', wanted: 'y' })
    expect(await thrownBy(() => Promise.reject(refused))).toBe(refused)
  })
})
