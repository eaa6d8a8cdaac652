import { type Body, expiry, honoured, isFresh, isUsed, once, releases, times } from './requirements.js'
import { Caller, demand, newKey, newKeys, now, type ReplayStoreSubject, sleep } from './store-under-test.js'

type Row = readonly [name: string, run: () => Promise<void>]

export type { ReplayStoreSubject } from './store-under-test.js'

/** One requirement of the contract of `ReplayStore`. */
export interface ReplayStoreCheck {
  readonly name: string
  /** @throws Error that tells what the store should have done, and what it did */
  run(): Promise<void>
}

/** Sends half of the copies to `peer`, as a load balancer would. */
async function isAtomic(caller: Caller, peer: Caller): Promise<void> {
  await times(20, async () => {
    const key = newKey()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? caller : peer).consume(key)))
    demand(honoured(answers) === 1, 'of 50 calls at once, one must be honoured', `${honoured(answers)} times true`)
    demand(answers.filter((answer) => answer === false).length === 49, 'of 50 calls at once, 49 must be refused', answers)
  })
}

async function lettingGo(caller: Caller, within: number): Promise<void> {
  const key = newKey()
  await isFresh(caller, key, 'the first time', { lives: 1 })
  await sleep(1)
  for (let waited = 0; ; waited += 0.25) {
    const answer = await caller.consume(key)
    if (answer === true) return isUsed(caller, key, 'after its second use')
    demand(waited < within, `a record must be gone ${within} seconds after it expired`, answer)
    await sleep(0.25)
  }
}

async function fillingUp(caller: Caller): Promise<void> {
  const used: string[] = []
  let answer: unknown = true
  for (const key of newKeys(3001)) {
    answer = await caller.consume(key, { lives: 600 })
    if (answer !== true) break
    used.push(key)
  }
  demand(answer === 'full' && used.length > 0, `a store without room must say 'full', here after ${used.length} records`, answer)
  await times(20, async () => void (await caller.consume(newKey(), { lives: 600 })))
  for (const key of used) {
    const again = await caller.consume(key, { lives: 600 })
    demand(again !== true, 'a full store must not drop a live record', again)
  }
}

async function beingAway(caller: Caller): Promise<void> {
  const key = newKey()
  const consumed = await caller.outcome(() => caller.store.consume(key, Math.ceil(now() + 60), 'a', now()))
  demand(consumed !== true && consumed !== 'unanswered', 'consume must reject when its backend is away', consumed)
  if (!caller.store.release) return
  const released = await caller.outcome(() => caller.store.release?.(key) as Promise<boolean>)
  demand(released !== 'unanswered', 'release must settle when its backend is away', released)
}

async function forgetting(caller: Caller, loseMemory: () => unknown): Promise<void> {
  const key = newKey()
  const old = { usableFrom: -1 }
  await isFresh(caller, newKey(), 'before the loss')
  await isFresh(caller, key, 'before the loss')
  await loseMemory()
  for (const [name, lost] of [['used', key] as const, ['other', newKey()] as const]) {
    const answer = await caller.consume(lost, old)
    demand(answer === 'forgotten', `the ${name} key, usable since before the memory was lost, must be answered 'forgotten'`, answer)
  }
  await isFresh(caller, newKey(), 'if it was not usable before the memory was lost', { usableFrom: 5 })
}

/**
 * The contract of `ReplayStore` as a list of checks: `replayStoreContract` makes tests of them. Run them sequentially: some replace
 * `Date.now` temporarily. They take about five seconds, since records must expire.
 *
 * @example for (const { name, run } of replayStoreChecks({ makeStore: () => myStore(client) })) test(name, run)
 */
export function replayStoreChecks(subject: ReplayStoreSubject): readonly ReplayStoreCheck[] {
  const { makeStore, makePeer, makeSmallStore, makeUnreachableStore, loseMemory, canRelease = true, timeout, goneWithin = 5 } = subject
  const of = (make: () => unknown, body: Body) => async () => body(new Caller((await make()) as never, timeout))
  const table = (bodies: Record<string, Body>) => Object.entries(bodies).map(([name, body]): Row => [name, of(makeStore, body)])
  const checks: (Row | false | undefined)[] = [
    ...table(once),
    ['of copies at once, honours one', of(makeStore, (caller) => isAtomic(caller, caller))],
    makePeer && [
      'of copies at once on two processes, honours one',
      of(makeStore, async (caller) => isAtomic(caller, new Caller(await makePeer(caller.store), timeout))),
    ],
    ...table(expiry),
    goneWithin < Infinity && ['lets a record go after it has expired', of(makeStore, (caller) => lettingGo(caller, goneWithin))],
    ...(canRelease ? table(releases) : []),
    makeSmallStore && ["says 'full' rather than drop a live record", of(makeSmallStore, fillingUp)],
    makeUnreachableStore && ['does not honour a key while its backend is away', of(makeUnreachableStore, beingAway)],
    loseMemory && [
      'after its memory was lost, honours nothing that could have been used before',
      of(makeStore, (caller) => forgetting(caller, () => loseMemory(caller.store))),
    ],
  ]
  return checks.filter((row): row is Row => Array.isArray(row)).map(([name, run]) => ({ name, run }))
}
