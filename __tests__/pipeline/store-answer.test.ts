/** What the answer of a replay store means. */
import { describe, expect, it } from '@jest/globals'
import { evidenceOf } from '../../lib/host/evidence.js'
import { refusalOfStore } from '../../lib/pipeline/store-answer.js'

const marker = { key: 'k', expiresAt: 2, issuer: 'i', usableFrom: 1.6, use: 'grant' } as const

describe('OC-03 T-45 refusalOfStore', () => {
  it('lets a JWT pass that was not used before', () => expect(refusalOfStore(true, marker)).toBeUndefined())

  it.each<[answer: unknown, reason: string, use: string | undefined, seen: unknown]>([
    [false, 'jti_replayed', 'grant', 'a JWT that was used before'],
    ['forgotten', 'not_provably_fresh', 'grant', { usable_since: 2 }],
    ['full', 'replay_store_full', undefined, { consume: 'full' }],
    [undefined, 'replay_store_error', undefined, { consume: 'undefined' }],
    [1, 'replay_store_error', undefined, { consume: 'number' }],
    ['true', 'replay_store_error', undefined, { consume: 'string' }],
    [{}, 'replay_store_error', undefined, { consume: 'object' }],
  ])('%j: %s', (answer, reason, use, seen) => {
    const refused = refusalOfStore(answer, marker)
    expect([refused?.reason, refused?.use]).toEqual([reason, use])
    expect(refused && evidenceOf(refused.evidence).seen).toEqual(seen)
  })
})
