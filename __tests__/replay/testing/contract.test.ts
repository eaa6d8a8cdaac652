/** The contract of ReplayStore: which stores keep it, and that the kit sees which do not. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, jest } from '@jest/globals'
import { LRUCache } from 'lru-cache'
import { memoryReplayStore, type ReplayStore } from '../../../lib/index.js'
import {
  type ReplayStoreCheck,
  type ReplayStoreSubject,
  replayStoreChecks,
  replayStoreContract,
} from '../../../lib/replay/testing/index.js'
import { expectContract } from '../../support/contract.js'

jest.setTimeout(60_000)
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('memoryReplayStore', () => {
  expectContract({
    makeStore: () => memoryReplayStore(),
    makePeer: (store) => store,
    makeSmallStore: () => memoryReplayStore({ max: 100, maxPerIssuer: 100 }),
  })
})

describe('memoryReplayStore with startupGuard, restarted', () => {
  let store: ReplayStore
  expectContract({
    makeStore() {
      store = memoryReplayStore()
      return { consume: (...args) => store.consume(...args), release: (key) => store.release?.(key) }
    },
    loseMemory() {
      store = memoryReplayStore({ startupGuard: true })
    },
  })
})

/** A plain store that keeps the contract, to be broken in one place. */
function plainStore(over: (records: Map<string, number>) => Partial<ReplayStore> = () => ({})): ReplayStore {
  const records = new Map<string, number>()
  return {
    consume(key, expiresAt) {
      const now = Date.now() / 1000
      if (expiresAt <= now || (records.get(key) ?? 0) > now) return false
      records.set(key, expiresAt)
      return true
    },
    release: (key) => records.delete(key),
    ...over(records),
  }
}
const consumeOf = (consume: (records: Map<string, number>) => ReplayStore['consume']) => () =>
  plainStore((records) => ({ consume: consume(records) }))
const rekeyed = (rekey: (key: string, issuer: string) => string) => () => {
  const { consume, release } = plainStore()
  return { consume: (key: string, ...rest: [number, string, number]) => consume(rekey(key, rest[1]), ...rest), release }
}

const apart = 'keeps keys apart that differ in one letter or in its case'
const steppedAhead = 'does not honour a key again when the clock of the process is stepped ahead and back'
const lettingGo = 'lets a record go after it has expired'
const full = "says 'full' rather than drop a live record"
const away = 'does not honour a key while its backend is away'
const lost = 'after its memory was lost, honours nothing that could have been used before'
const releases = ['honours a key again after its release, once', 'of many requests during a release, honours one at most']

type Row = [what: string, subject: ReplayStoreSubject, failed: readonly string[] | 'most']
const broken: Row[] = [
  [
    'looks, then sets',
    {
      makeStore: () => {
        const records = new Map<string, number>()
        return {
          async consume(key, expiresAt) {
            const isUsed = expiresAt * 1000 <= Date.now() || (records.get(key) ?? 0) * 1000 > Date.now()
            await sleep(1)
            if (!isUsed) records.set(key, expiresAt)
            return !isUsed
          },
          release: (key) => records.delete(key),
        }
      },
    },
    ['of copies at once, honours one', 'of many requests during a release, honours one at most'],
  ],
  [
    'drops what was used longest ago',
    {
      makeStore: () => {
        const records = new LRUCache<string, true>({ max: 1000, ttl: 1, ttlResolution: 0, perf: { now: () => Date.now() } })
        return {
          consume(key, expiresAt) {
            if (expiresAt * 1000 <= Date.now() || records.has(key)) return false
            records.set(key, true, { ttl: Math.ceil(expiresAt * 1000 - Date.now()) })
            return true
          },
          release: (key) => records.delete(key),
        }
      },
    },
    ['remembers a key while 2,000 others come'],
  ],
  [
    'drops a live record when it is full',
    {
      makeStore: plainStore,
      makeSmallStore: consumeOf((records) => (key, expiresAt) => {
        if (records.has(key)) return false
        const [oldest = ''] = records.keys()
        const isFull = records.size >= 100
        if (isFull) records.delete(oldest)
        else records.set(key, expiresAt)
        return isFull ? 'full' : true
      }),
    },
    [full],
  ],
  ['never is full', { makeStore: plainStore, makeSmallStore: plainStore }, [full]],
  ['is full from the start', { makeStore: plainStore, makeSmallStore: () => ({ consume: () => 'full' as const }) }, [full]],
  [
    'hangs in release when its backend is away',
    {
      makeStore: plainStore,
      makeUnreachableStore: () => ({ consume: () => Promise.reject(new Error('away')), release: () => new Promise<never>(() => {}) }),
      timeout: 0.01,
    },
    [away],
  ],
  ["gives 'OK' and null", { makeStore: consumeOf(() => (() => 'OK') as never) }, 'most'],
  ['gives 1 and 0', { makeStore: consumeOf(() => (() => 1) as never) }, 'most'],
  ['gives nothing', { makeStore: consumeOf(() => (() => undefined) as never) }, 'most'],
  ['always gives true', { makeStore: consumeOf(() => () => true) }, 'most'],
  ['always gives false', { makeStore: consumeOf(() => () => false) }, 'most'],
  ['rejects', { makeStore: consumeOf(() => () => Promise.reject(new Error('x'))) }, 'most'],
  ['never answers', { makeStore: consumeOf(() => () => new Promise(() => {})), timeout: 0.01 }, 'most'],
  [
    'never lets a record go',
    {
      makeStore: consumeOf((records) => (key, expiresAt) => {
        if (expiresAt * 1000 <= Date.now() || records.has(key)) return false
        records.set(key, expiresAt)
        return true
      }),
      goneWithin: 0.5,
    },
    [lettingGo],
  ],
  [
    'forgets too early',
    {
      makeStore: consumeOf((records) => (key, expiresAt) => {
        const now = Date.now() / 1000
        if (expiresAt <= now || (records.get(key) ?? 0) > now) return false
        records.set(key, now + (expiresAt - now) / 4)
        return true
      }),
    },
    ['remembers a key until it expires'],
  ],
  [
    'sets a timer for each record',
    {
      makeStore: consumeOf((records) => (key, expiresAt) => {
        const time = expiresAt * 1000 - Date.now()
        if (time <= 0 || records.has(key)) return false
        records.set(key, expiresAt)
        setTimeout(() => records.delete(key), time).unref()
        return true
      }),
    },
    ['remembers a key that lives for months: timers hold 24 days'],
  ],
  [
    'forgets on a clock that runs backwards',
    {
      makeStore: consumeOf((records) => (key, expiresAt) => {
        for (const [old, until] of records) if (until * 1000 <= Date.now()) records.delete(old)
        if (expiresAt * 1000 <= Date.now() || records.has(key)) return false
        records.set(key, expiresAt)
        return true
      }),
    },
    [steppedAhead],
  ],
  [
    'records what has expired for fresh',
    {
      makeStore: consumeOf((records) => (key, expiresAt) => {
        if ((records.get(key) ?? 0) * 1000 > Date.now()) return false
        records.set(key, expiresAt)
        return true
      }),
    },
    ['refuses what has expired'],
  ],
  ['releases nothing', { makeStore: () => plainStore(() => ({ release() {} })) }, releases],
  [
    'has no release, and does not say so',
    { makeStore: () => plainStore(() => ({ release: undefined })) },
    ['releases one key, and no other', ...releases],
  ],
  ['releases all', { makeStore: () => plainStore((records) => ({ release: () => records.clear() })) }, ['releases one key, and no other']],
  [
    'releases without an end',
    { makeStore: () => plainStore(() => ({ release: () => new Promise(() => {}) })), timeout: 0.01 },
    ['releases one key, and no other', ...releases],
  ],
  ['folds letters', { makeStore: rekeyed((key) => key.toLowerCase()) }, [apart, ...releases]],
  ['cuts keys', { makeStore: rekeyed((key) => key.slice(0, 42)) }, [apart, ...releases]],
  [
    'keeps a list for each issuer',
    { makeStore: rekeyed((key, issuer) => `${issuer} ${key}`) },
    ['refuses a used key whoever the issuer is: one may sign what another one sent', ...releases],
  ],
  ['throws for an issuer that it does not like', { makeStore: rekeyed((key, issuer) => new URL(issuer) && key) }, 'most'],
  ['is not shared', { makeStore: () => plainStore(), makePeer: () => plainStore() }, ['of copies at once on two processes, honours one']],
  ['opens when its backend is away', { makeStore: plainStore, makeUnreachableStore: consumeOf(() => async () => true) }, [away]],
  [
    'waits when its backend is away',
    { makeStore: plainStore, makeUnreachableStore: consumeOf(() => () => new Promise(() => {})), timeout: 0.1 },
    [away],
  ],
  [
    'forgets that it forgot',
    {
      makeStore: () => plainStore((records) => ({ release: (key) => (key === 'all' ? records.clear() : records.delete(key)) })),
      loseMemory: (store) => store.release?.('all'),
    },
    [lost],
  ],
]

describe('the contract kit', () => {
  const run = async (failed: string[], { name, run }: ReplayStoreCheck) => {
    try {
      await run()
    } catch (error) {
      expect((error as Error).message).toMatch(/^(consume|release|a |of |the |an )/)
      failed.push(name)
    }
  }
  const results = new Map<string, string[]>()
  /** All stores at once, since most of the time is waiting; but the checks that step the clock of this process one by one. */
  beforeAll(async () => {
    const rows = [['keeps the contract', { makeStore: () => plainStore() }] as const, ...broken].map(([what, subject]) => {
      const failed: string[] = []
      results.set(what, failed)
      const checks = replayStoreChecks(subject).map((check) => ({ steps: check.name.includes('clock'), go: () => run(failed, check) }))
      return { steps: checks.filter(({ steps }) => steps), others: checks.filter(({ steps }) => !steps) }
    })
    await Promise.all(rows.map(async ({ others }) => others.reduce((before, { go }) => before.then(go), Promise.resolve())))
    for (const { go } of rows.flatMap(({ steps }) => steps)) await go()
  })

  it('passes a plain store that keeps the contract', () => expect(results.get('keeps the contract')).toEqual([]))

  it.each(broken)('fails a store that %s', (what, _, expected) => {
    const failed = results.get(what) ?? []
    if (expected === 'most') expect(failed.length).toBeGreaterThan(1)
    else expect(failed.sort()).toEqual([...expected].sort())
  })

  it.each<[name: string, release: ReplayStore['release'] | undefined]>([
    ['rejects in release', () => Promise.reject(new Error('away'))],
    ['has no release', undefined],
  ])('passes a store that rejects while its backend is away, and %s', async (_name, release) => {
    const makeUnreachableStore = () => ({ consume: () => Promise.reject(new Error('away')), ...(release && { release }) })
    const check = replayStoreChecks({ makeStore: plainStore, makeUnreachableStore }).find(({ name }) => name === away)
    await expect(check?.run()).resolves.toBeUndefined()
  })

  it('checks what the subject makes it able to, and nothing it says it has not', () => {
    const names = (subject: Partial<ReplayStoreSubject>) => replayStoreChecks({ makeStore: plainStore, ...subject }).map(({ name }) => name)
    const all = names({ makePeer: (store) => store, makeSmallStore: plainStore, makeUnreachableStore: plainStore, loseMemory() {} })
    expect(all.filter((name) => !names({}).includes(name))).toEqual(['of copies at once on two processes, honours one', full, away, lost])
    expect(names({}).filter((name) => !names({ canRelease: false, goneWithin: Infinity }).includes(name))).toEqual([
      lettingGo,
      ...[
        'honours a key again after its release, once',
        'releases one key, and no other',
        'of many requests during a release, honours one at most',
      ],
    ])
    expect(new Set(all).size).toBe(all.length)
  })

  it('needs a test runner', () => {
    expect(() => replayStoreContract({ makeStore: plainStore }, {} as never)).toThrow(/hand it the functions of your test runner/)
  })

  it('runs under node:test', async () => {
    const script = `
      import { describe, it } from 'node:test'
      import { memoryReplayStore } from '${new URL('../../../lib/index.js', import.meta.url)}'
      import { replayStoreContract } from '${new URL('../../../lib/replay/testing/index.js', import.meta.url)}'
      replayStoreContract({ makeStore: () => memoryReplayStore() }, { describe, it })`
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--test-reporter=tap', '--eval', script], {
      env,
    })
    expect(stdout).toMatch(/^# pass 16$/m)
    expect(stdout).toMatch(/^# fail 0$/m)
  })
})
