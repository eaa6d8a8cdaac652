import { type Caller, demand, newKey, newKeys, sleep, withClockStepped } from './store-under-test.js'

export type Body = (caller: Caller) => Promise<void>

export const times = async (count: number, run: (i: number) => Promise<void>) => {
  for (let i = 0; i < count; i++) await run(i)
}
export const honoured = (answers: readonly unknown[]) => answers.filter((answer) => answer === true).length
export const isUsed = async (caller: Caller, key: string, when: string) => {
  const answer = await caller.consume(key)
  demand(answer === false, `a used key must be refused ${when}`, answer)
}
export const isFresh = async (caller: Caller, key: string, when: string, options = {}) => {
  const answer = await caller.consume(key, options)
  demand(answer === true, `a key must be honoured ${when}`, answer)
}

export const once: Record<string, Body> = {
  'honours a key once': async (caller) => {
    const key = newKey()
    await isFresh(caller, key, 'the first time')
    await times(3, () => isUsed(caller, key, 'again'))
  },
  'keeps keys apart that differ in one letter or in its case': async (caller) => {
    const key = `a${newKey().slice(1)}`
    const last = key.endsWith('A') ? 'E' : 'A'
    for (const like of [key, `A${key.slice(1)}`, `b${key.slice(1)}`, key.slice(0, -1) + last])
      await isFresh(caller, like, 'beside its like')
  },
  'takes whatever is 43 base64url characters for a key': async (caller) => {
    for (const letter of ['-', '_', '0']) {
      const key = newKey().slice(11).padStart(43, letter)
      await isFresh(caller, key, `that begins with ${letter}`)
      await isUsed(caller, key, `that begins with ${letter}`)
    }
  },
  'refuses a used key whoever the issuer is: one may sign what another one sent': async (caller) => {
    const key = newKey()
    await isFresh(caller, key, 'the first time', { issuer: 'a' })
    const answer = await caller.consume(key, { issuer: 'b' })
    demand(answer === false, 'a used key must be refused under another issuer', answer)
  },
  'takes any text for an issuer': async (caller) => {
    const issuers = ['__proto__', 'constructor', '', "it's; DROP TABLE users --", 'a:b:{c}*?[d]', '発行者 😀', 'i'.repeat(1024)]
    for (const issuer of issuers) await isFresh(caller, newKey(), `of issuer ${issuer.slice(0, 30)}`, { issuer })
  },
  'remembers a key while 2,000 others come': async (caller) => {
    const key = newKey()
    await isFresh(caller, key, 'the first time')
    await times(20, async () => void (await Promise.all(newKeys(100).map((other) => caller.consume(other)))))
    await isUsed(caller, key, 'after 2,000 others')
  },
}

export const expiry: Record<string, Body> = {
  'refuses what has expired': async (caller) => {
    const key = newKey()
    for (const lives of [-2, -1e6]) {
      const answer = await caller.consume(key, { lives })
      demand(answer === false, 'an expired key must be refused', answer)
    }
  },
  'remembers a key until it expires': async (caller) => {
    const key = newKey()
    await isFresh(caller, key, 'the first time', { lives: 2 })
    await sleep(1.5)
    await isUsed(caller, key, 'a moment before it expires')
  },
  'remembers a key that lives for months: timers hold 24 days': async (caller) => {
    const key = newKey()
    await isFresh(caller, key, 'the first time', { lives: 100 * 86_400 })
    await sleep(0.1)
    await isUsed(caller, key, 'a moment later')
  },
  'remembers a key when the clock of the process is stepped back': async (caller) => {
    const key = newKey()
    await isFresh(caller, key, 'the first time')
    await withClockStepped(-600, () => isUsed(caller, key, 'when the clock is stepped back'))
  },
  'does not honour a key again when the clock of the process is stepped ahead and back': async (caller) => {
    const [key, others] = [newKey(), newKeys(100)]
    await isFresh(caller, key, 'the first time')
    await withClockStepped(120, async () => void (await Promise.all(others.map((other) => caller.consume(other, { lives: 600 })))))
    await isUsed(caller, key, 'when the clock was stepped ahead and back')
  },
}

export const releases: Record<string, Body> = {
  'honours a key again after its release, once': async (caller) => {
    const key = newKey()
    await times(3, async () => {
      await isFresh(caller, key, 'the first time, and after its release')
      await isUsed(caller, key, 'until its release')
      await caller.release(key)
    })
  },
  'releases one key, and no other': async (caller) => {
    const [key = '', other = ''] = newKeys(2)
    await isFresh(caller, key, 'the first time')
    await isFresh(caller, other, 'the first time')
    await caller.release(other)
    await isUsed(caller, key, 'when another was released')
  },
  'of many requests during a release, honours one at most': (caller) =>
    times(20, async () => {
      const key = newKey()
      await isFresh(caller, key, 'the first time')
      const [, ...answers] = await Promise.all([caller.release(key), ...Array.from({ length: 20 }, () => caller.consume(key))])
      answers.push(await caller.consume(key))
      demand(honoured(answers) === 1, 'of the requests during and after a release, one must be honoured', answers)
    }),
}
