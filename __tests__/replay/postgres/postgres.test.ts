import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import pg from 'pg'
import { ConfigurationError } from '../../../lib/index.js'
import { type PostgresReplayStoreOptions, postgresReplaySchema, postgresReplayStore } from '../../../lib/replay/postgres/postgres.js'
import { expectContract } from '../../support/contract.js'
import { describeWith } from '../../support/describe-with.js'
import { anyExpress } from '../../support/express.js'
import { freePort } from '../../support/free-port.js'
import { now } from '../../support/jwt.js'
import { postgresNeed, type Service, usePostgres } from '../../support/services.js'
import { grant, grantRequest, openIdp, startWorld } from '../../support/world.js'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const run = randomBytes(6).toString('hex') // one process may run these tests again, on the same server
let count = 0
const freshKey = () => `key-${run}-${count++}`.padEnd(43, '-')
const freshTable = () => `replay_test_${run}_${count++}`
const noPool = { query: async () => ({ rows: [], rowCount: 0 }) }

describe('postgresReplayStore', () => {
  it.each<[what: string, pool: unknown, options: unknown, message: RegExp]>([
    ['no pool', undefined, {}, /first argument must be a pool: new Pool\(\) of pg/],
    ['a URL', 'postgres://localhost', {}, /first argument must be a pool/],
    [
      'an option that does not exist',
      noPool,
      { prefix: 'a' },
      /option prefix does not exist: it must be one of table, startupGuard, sweepInterval/,
    ],
    ['a guard that is no boolean', noPool, { startupGuard: 1 }, /startupGuard must be true or false, not 1/],
    ['no options object', noPool, null, /options must be an object, not null/],
    ...[0, -1, Number.NaN, '60', null].map((sweepInterval): [string, unknown, unknown, RegExp] => [
      `${sweepInterval} as interval`,
      noPool,
      { sweepInterval },
      /sweepInterval must be a number of seconds above 0, not /,
    ]),
  ])('refuses %s', (_, pool, options, message) => {
    const make = () => postgresReplayStore(pool as never, options as never)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(message)
    expect(make).toThrow(/^postgresReplayStore: /)
  })

  it.each([
    '',
    'a"; DROP TABLE users; --',
    'a b',
    'a.b.c',
    '.a',
    'a.',
    '1a',
    'Replay',
    'é',
    "a'b",
    'a\0b',
    'a\n',
    'a'.repeat(51),
    1,
    null,
    ['a'],
  ])('takes no table named %j', (table) => {
    const problem = 'option table must be a name, or schema.name, of lower-case letters, digits and underscores'
    expect(() => postgresReplayStore(noPool, { table: table as string })).toThrow(`postgresReplayStore: ${problem}`)
    expect(() => postgresReplaySchema({ table: table as string })).toThrow(`postgresReplaySchema: ${problem}`)
  })

  it.each<[table: string | undefined, quoted: string, index: string]>([
    [undefined, '"oauth_replay"', '"oauth_replay_expires_at"'],
    ['order', '"order"', '"order_expires_at"'],
    ['auth.used_2', '"auth"."used_2"', '"used_2_expires_at"'],
  ])('names table %s in its schema', (table, quoted, index) => {
    const schema = postgresReplaySchema(table === undefined ? {} : { table })
    expect(schema).toContain(`CREATE TABLE IF NOT EXISTS ${quoted} (`)
    expect(schema).toContain(`CREATE INDEX IF NOT EXISTS ${index} ON ${quoted} (expires_at);`)
    expect(() => postgresReplaySchema({ startupGuard: true } as never)).toThrow(
      'postgresReplaySchema: option startupGuard does not exist: it must be one of table.',
    )
  })

  const failing = (code: string) => ({ query: () => Promise.reject(Object.assign(new Error('x'), { code })) })
  it('JW-21 is full when the disk is', async () => {
    expect(await postgresReplayStore(failing('53100')).consume(freshKey(), now() + 60, 'a', now())).toBe('full')
    await expect(async () => postgresReplayStore(failing('53300')).consume(freshKey(), now() + 60, 'a', now())).rejects.toThrow('x')
    const pool = { query: () => Promise.reject(null) }
    await expect(async () => postgresReplayStore(pool).consume(freshKey(), now() + 60, 'a', now())).rejects.toBeNull()
  })

  it('T-45 rejects when the epoch that it has confirmed is gone, each time', async () => {
    let asked = 0
    const pool = {
      async query(text: string) {
        if (text.startsWith('WITH')) asked++
        return { rows: text.startsWith('INSERT') ? [{ id: 'e' }] : [], rowCount: 0 }
      },
    }
    await expect(async () => postgresReplayStore(pool).consume(freshKey(), now() + 60, 'a', now())).rejects.toThrow(/again and again/)
    expect(asked).toBe(3)
  })

  describe('by the clock of the process', () => {
    const start = Math.floor(Date.now() / 1000) * 1000
    let clock: ReturnType<typeof jest.spyOn>
    beforeEach(() => {
      clock = jest.spyOn(Date, 'now').mockReturnValue(start)
    })
    afterEach(() => void clock.mockRestore())

    /** A pool where every JWT is fresh; what is asked is counted by its first word. */
    const poolOf = (sweep: () => number | Promise<number>) => {
      const counts: Record<string, number> = { INSERT: 0, WITH: 0, DELETE: 0 }
      const query = async (text: string) => {
        const [word] = text.split(' ') as [string]
        counts[word] = (counts[word] ?? 0) + 1
        if (word === 'DELETE') return { rows: [], rowCount: await sweep() }
        return { rows: [word === 'INSERT' ? { id: 'e' } : { known: true, remembered: true, recorded: true }], rowCount: 1 }
      }
      return { counts, query }
    }

    it.each([
      [-1, false],
      [0, false],
      [Number.NaN, false],
      [1, true],
    ])('T-45 what expires in %d s is fresh: %p, and it does not ask about what has expired', async (seconds, isFresh) => {
      const pool = poolOf(() => 0)
      expect(await postgresReplayStore(pool).consume(freshKey(), start / 1000 + seconds, 'a', 0)).toBe(isFresh)
      expect(pool.counts.WITH).toBe(isFresh ? 1 : 0)
    })

    const failing = () => Promise.reject(new Error('x'))
    it.each<[what: string, sweep: () => number | Promise<number>, sweeps: [second: number, sofar: number][]]>([
      [
        'a minute after the last one',
        () => 999,
        [
          [0, 0],
          [59.999, 0],
          [60, 1],
          [60, 1],
          [119.999, 1],
          [120, 2],
          [120, 2],
        ],
      ],
      [
        'at once while there is more',
        () => 1000,
        [
          [60, 1],
          [60, 2],
          [60.001, 3],
        ],
      ],
      [
        'a minute after one that failed',
        failing,
        [
          [60, 1],
          [60, 1],
          [119.999, 1],
          [120, 2],
        ],
      ],
      [
        'not while one runs',
        () => new Promise(() => {}),
        [
          [60, 1],
          [60, 1],
          [600, 1],
        ],
      ],
    ])('it sweeps %s', async (_, sweep, sweeps) => {
      const pool = poolOf(sweep)
      const store = postgresReplayStore(pool)
      for (const [second, sofar] of sweeps) {
        clock.mockReturnValue(start + second * 1000)
        await store.consume(freshKey(), start + 3600, 'a', 0)
        await new Promise((resolve) => setImmediate(resolve))
        expect([second, pool.counts.DELETE]).toEqual([second, sofar])
      }
      expect(pool.counts).toMatchObject({ INSERT: 1, WITH: sweeps.length })
    })
  })
})

describeWith(postgresNeed, 'postgresReplayStore on a server', () => {
  let service: Service
  let pool: pg.Pool
  beforeAll(async () => {
    service = await usePostgres()
    pool = new pg.Pool({ connectionString: service.url, max: 20 })
  }, 60_000)
  const tables: string[] = []
  const newTable = async () => {
    const table = freshTable()
    tables.push(table)
    await pool.query(postgresReplaySchema({ table }))
    return table
  }
  afterAll(async () => {
    for (const table of tables) await pool.query(`DROP TABLE ${table}`)
    await pool.end()
    await service.stop()
  })

  let table: string
  expectContract({
    async makeStore() {
      table = await newTable()
      return postgresReplayStore(pool, { table })
    },
    makePeer: () =>
      postgresReplayStore(new pg.Pool({ connectionString: service.url, allowExitOnIdle: true, idleTimeoutMillis: 100 }), { table }),
    makeUnreachableStore: async () =>
      postgresReplayStore(new pg.Pool({ host: '127.0.0.1', port: await freePort(), connectionTimeoutMillis: 1000 })),
    loseMemory: () => pool.query(`TRUNCATE ${table}`),
  })

  it('its schema may be run again, and changes nothing', async () => {
    const table = await newTable()
    const store = postgresReplayStore(pool, { table })
    const key = freshKey()
    expect(await store.consume(key, now() + 60, 'a', now())).toBe(true)
    await pool.query(postgresReplaySchema({ table }))
    expect(await store.consume(key, now() + 60, 'a', now())).toBe(false)
  })

  it('its table may be in a schema', async () => {
    const schema = freshTable()
    await pool.query(`CREATE SCHEMA ${schema}`)
    try {
      const table = `${schema}.used`
      await pool.query(postgresReplaySchema({ table }))
      expect(await postgresReplayStore(pool, { table }).consume(freshKey(), now() + 60, 'a', now())).toBe(true)
    } finally {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    }
  })

  it('rejects when its table is not there', async () => {
    const store = postgresReplayStore(pool, { table: 'no_such_table' })
    await expect(async () => store.consume(freshKey(), now() + 60, 'a', now())).rejects.toThrow(/"no_such_table" does not exist/)
  })

  it('refuses what has expired by the clock of PostgreSQL', async () => {
    const store = postgresReplayStore(pool, { table: await newTable() })
    const { now: here } = Date
    Date.now = () => here() - 120_000
    try {
      expect(await store.consume(freshKey(), here() / 1000 - 60, 'a', here() / 1000)).toBe(false)
    } finally {
      Date.now = here
    }
  })

  it('bears any time that a JWT can have', async () => {
    const store = postgresReplayStore(pool, { table: await newTable() })
    for (const [expiresAt, usableFrom] of [
      [1e15, -Number.MAX_SAFE_INTEGER],
      [Number.MAX_SAFE_INTEGER, 0],
      [now() + 60.123456, now() - 0.5],
    ] as const) {
      const key = freshKey()
      expect(await store.consume(key, expiresAt, 'a', usableFrom)).toBe(true)
      expect(await store.consume(key, expiresAt, 'a', usableFrom)).toBe(false)
    }
  })

  describe('the sweep', () => {
    const rows = async (table: string) => Number((await pool.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n)
    /** Records that expired some seconds ago. */
    const expired = (table: string, many: number, ago: number) =>
      pool.query(`INSERT INTO ${table} (key, expires_at) SELECT 'old-' || ${ago} || '-' || i, $1 FROM generate_series(1, ${many}) AS i`, [
        now() - ago,
      ])
    const until = async (holds: () => Promise<boolean>) => {
      for (let i = 0; i < 100 && !(await holds()); i++) await sleep(20)
      return holds()
    }

    it('deletes what expired ten minutes ago, in batches, beside the requests; it leaves what may be met again', async () => {
      const table = await newTable()
      const store = postgresReplayStore(pool, { table, sweepInterval: 0.05 })
      await store.consume(freshKey(), now() + 60, 'a', now())
      await expired(table, 2500, 700)
      await expired(table, 10, 500)
      await sleep(60)
      for (const left of [1500, 500, 0]) {
        await store.consume(freshKey(), now() + 60, 'a', now())
        expect(await until(async () => (await rows(table)) <= left + 16)).toBe(true)
        expect(await rows(table)).toBeGreaterThan(left + 10)
      }
      expect(await pool.query(`SELECT 1 FROM ${table} WHERE key = ':epoch'`)).toMatchObject({ rowCount: 1 })
    })

    it('does not run on every request', async () => {
      const table = await newTable()
      const texts: string[] = []
      const listening = {
        query: (text: string, values: unknown[]) => {
          texts.push(text)
          return pool.query(text, values)
        },
      }
      const store = postgresReplayStore(listening, { table })
      for (let i = 0; i < 50; i++) await store.consume(freshKey(), now() + 60, 'a', now())
      expect(texts.filter((text) => text.startsWith('DELETE'))).toEqual([])
      expect(texts.filter((text) => text.startsWith('WITH'))).toHaveLength(50)
    })

    it('that fails disturbs no request', async () => {
      const table = await newTable()
      let swept = 0
      const failing = {
        async query(text: string, values: unknown[]) {
          if (!text.startsWith('DELETE')) return pool.query(text, values)
          swept++
          throw new Error('x')
        },
      }
      const store = postgresReplayStore(failing, { table, sweepInterval: 0.01 })
      for (let i = 0; i < 3; i++) {
        await sleep(20)
        expect(await store.consume(freshKey(), now() + 60, 'a', now())).toBe(true)
      }
      expect(swept).toBeGreaterThan(1)
    })
  })

  describe('T-45 a table that loses its memory', () => {
    let table: string
    beforeEach(async () => {
      table = await newTable()
    })
    const lose = () => pool.query(`TRUNCATE ${table}`)
    const newProcess = (options: PostgresReplayStoreOptions = {}) => {
      const store = postgresReplayStore(pool, { table, ...options })
      return (key: string, usableFrom = Date.now() / 1000 - 5) => store.consume(key, now() + 60, 'a', usableFrom)
    }

    it('a new table honours what was signed before its first use; with startupGuard, it does not', async () => {
      expect(await newProcess()(freshKey())).toBe(true)
      await lose()
      expect(await newProcess({ startupGuard: true })(freshKey())).toBe('forgotten')
    })

    it.each([{}, { startupGuard: true }])('a rolling restart refuses nothing: the store stays (%j)', async (options) => {
      expect(await newProcess()(freshKey())).toBe(true)
      const used = freshKey()
      for (let i = 0; i < 4; i++) expect(await newProcess(options)(used)).toBe(i === 0)
    })

    it('TRUNCATE: whoever has known it closes it for all, also for those who come new', async () => {
      const [old, newcomer, used] = [newProcess(), newProcess(), freshKey()]
      expect(await old(used)).toBe(true)
      await lose()
      expect(await old(used)).toBe('forgotten')
      expect(await newcomer(used)).toBe('forgotten')
      expect(await old(freshKey(), Date.now() / 1000 + 1)).toBe(true)
    })

    it('one that a newcomer found empty is closed by the first that has known another; and never opened again', async () => {
      const [old, older] = [newProcess(), newProcess()]
      for (const one of [old, older]) expect(await one(freshKey())).toBe(true)
      await lose()
      const newcomer = newProcess()
      expect(await newcomer(freshKey())).toBe(true)
      await sleep(20)
      const sinceThen = Date.now() / 1000
      for (const one of [old, newcomer, older, newProcess()]) {
        expect(await one(freshKey())).toBe('forgotten')
        expect(await one(freshKey(), sinceThen)).toBe(true) // it lost nothing that was used since the newcomer found it
      }
    })

    it('all of a process at once: one answer for the used key', async () => {
      const [old, used] = [newProcess(), freshKey()]
      expect(await old(used)).toBe(true)
      await lose()
      const answers = await Promise.all(Array.from({ length: 50 }, () => old(used)))
      expect(new Set(answers)).toEqual(new Set(['forgotten']))
    })

    it('many processes that start at once agree on one epoch', async () => {
      const used = freshKey()
      const answers = await Promise.all(Array.from({ length: 20 }, () => newProcess()(used)))
      expect(answers.filter((answer) => answer === true)).toHaveLength(1)
      expect(answers.filter((answer) => answer === false)).toHaveLength(19)
    })

    it.each(anyExpress)('a token endpoint on %s honours no used grant again, and goes on', async (_, express) => {
      const replayStore = postgresReplayStore(pool, { table })
      const world = startWorld(express, { options: { replayStore, clockTolerance: 0 } })
      const ask = async (assertion: string) => {
        const { status, body } = await world.post(grantRequest(assertion, {}))
        return { status, error: body.error, reason: world.last().reason }
      }
      const fresh = () => grant({ iss: openIdp })
      const used = fresh()
      expect(await ask(used)).toEqual({ status: 200 })
      await lose()
      for (let i = 0; i < 2; i++) {
        expect(await ask(used)).toEqual({ status: 400, error: 'invalid_grant', reason: 'not_provably_fresh' })
        await sleep(1001) // iat has whole seconds
      }
      expect(await ask(fresh())).toEqual({ status: 200 })
    })
  })
})
