import { Refusal, refusal } from '../host/errors.js'
import type { ReplayMarker } from '../rules/one-time-use.js'

/** Why a JWT is refused for what the replay store answered; `undefined` if it was not used before. */
export function refusalOfStore(answer: unknown, { usableFrom, use }: ReplayMarker): Refusal | undefined {
  if (answer === true) return undefined
  if (answer === false) return new Refusal('jti_replayed', { seen: 'a JWT that was used before', wanted: 'a JWT with a new jti' }, use)
  if (answer === 'forgotten') return new Refusal('not_provably_fresh', notFresh(usableFrom), use)
  if (answer === 'full') return refusal('replay_store_full', { seen: { consume: 'full' }, wanted: { consume: true } })
  return refusal('replay_store_error', { seen: { consume: typeof answer }, wanted: { consume: "true, false, 'forgotten' or 'full'" } })
}

const notFresh = (usableFrom: number) => ({
  seen: { usable_since: Math.round(usableFrom) },
  wanted: 'a JWT that was signed after the store began to remember',
})
