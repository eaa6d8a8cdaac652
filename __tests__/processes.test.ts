/** Four processes of one endpoint on a shared store, behind a round-robin front. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import pg from 'pg'
import { postgresReplaySchema } from '../lib/replay/postgres/postgres.js'
import { describeWith } from './support/describe-with.js'
import { type Endpoint, newGrant, replayGrants, startProcesses } from './support/replay-processes.js'
import {
  type OwnRedis,
  ownRedisNeed,
  postgresNeed,
  redisNeed,
  type Service,
  startRedis,
  usePostgres,
  useRedis,
} from './support/services.js'

jest.setTimeout(90_000)
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const place = `processes_${process.pid}`
const grants = 2500

/** Each grant gets one token. A busy machine may shed a request (503): a grant that got nothing else is sent again. */
async function expectOneTokenEach(endpoint: Endpoint): Promise<void> {
  const { statuses, attempts, ...count } = await replayGrants(endpoint, { grants, copies: 4, beforeRetry: () => sleep(50) })
  const { 503: shed = 0, ...others } = statuses
  expect(count).toEqual({ grants, tokens: grants, doubles: 0, withoutRetryAfter: 0 })
  expect(others).toEqual({ 200: grants, 400: attempts - shed - grants })
  expect(shed).toBeLessThan(attempts / 20)
}

describeWith(redisNeed, 'T-44 four processes on one Redis', () => {
  let service: Service
  let endpoint: Endpoint
  beforeAll(async () => {
    service = await useRedis()
    endpoint = await startProcesses(4, 'node-redis', service.url, `{${place}}:`)
  })
  afterAll(async () => {
    await endpoint?.stop()
    await service?.stop()
  })

  it('2,500 grants, each four times at once: one token for each', async () => {
    await expectOneTokenEach(endpoint)
    expect(Math.min(...endpoint.connections)).toBeGreaterThan(0)
  })
})

describeWith(postgresNeed, 'T-44 four processes on one PostgreSQL', () => {
  let service: Service
  let endpoint: Endpoint
  let pool: pg.Pool
  beforeAll(async () => {
    service = await usePostgres()
    pool = new pg.Pool({ connectionString: service.url })
    await pool.query(postgresReplaySchema({ table: place }))
    endpoint = await startProcesses(4, 'postgres', service.url, place)
  })
  afterAll(async () => {
    await endpoint?.stop()
    await pool?.query(`DROP TABLE ${place}`)
    await pool?.end()
    await service?.stop()
  })

  it('2,500 grants, each four times at once: one token for each', async () => {
    await expectOneTokenEach(endpoint)
    expect(Math.min(...endpoint.connections)).toBeGreaterThan(0)
  })
})

describeWith(ownRedisNeed, 'T-45 T-58 four processes on a Redis that is killed, and comes back with nothing', () => {
  describe.each(['node-redis', 'ioredis'] as const)('by %s', (store) => {
    let redis: OwnRedis
    let endpoint: Endpoint
    beforeAll(async () => {
      redis = await startRedis()
      endpoint = await startProcesses(4, store, redis.url)
    })
    afterAll(async () => {
      await endpoint?.stop()
      await redis?.stop()
    })

    it('no grant gets a second token; 503 with Retry-After meanwhile; then it goes on by itself', async () => {
      const used: string[] = []
      for (let i = 0; i < 50; i++) used.push(newGrant())
      for (const assertion of used) expect((await endpoint.ask(assertion)).status).toBe(200)

      let outage: Promise<void> | undefined
      const breakDown = async () => {
        await redis.kill()
        await sleep(500)
        await redis.start()
      }
      const { doubles, withoutRetryAfter, statuses, tokens } = await replayGrants(endpoint, {
        grants: 600,
        copies: 4,
        onProgress(done) {
          if (done === 200) outage = breakDown()
        },
        beforeRetry: () => sleep(100),
      })
      await outage
      expect({ doubles, withoutRetryAfter }).toEqual({ doubles: 0, withoutRetryAfter: 0 })
      expect(Object.keys(statuses)).toEqual(['200', '400', '503'])
      expect(tokens).toBe(statuses[200])
      expect(tokens).toBeGreaterThanOrEqual(200)

      const again = await Promise.all(used.map((assertion) => endpoint.ask(assertion)))
      expect(new Set(again.map(({ status }) => status))).toEqual(new Set([400]))
      await sleep(1001) // iat has whole seconds
      const after = await replayGrants(endpoint, { grants: 100, copies: 4, beforeRetry: () => sleep(100) })
      expect(after).toMatchObject({ tokens: 100, doubles: 0, withoutRetryAfter: 0, statuses: { 200: 100 } })
    })
  })
})
