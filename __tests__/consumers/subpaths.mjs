// What stands beside the main entry, loaded as ES module and by CommonJS.
import { createRequire } from 'node:module'
import * as oauth from 'express-oauth-assertions'
import * as postgres from 'express-oauth-assertions/postgres'
import * as profiles from 'express-oauth-assertions/profiles'
import * as redis from 'express-oauth-assertions/redis'
import * as testing from 'express-oauth-assertions/testing'

const require = createRequire(import.meta.url)
const copies = [
  { oauth, redis, postgres, profiles, testing },
  {
    oauth: require('express-oauth-assertions'),
    redis: require('express-oauth-assertions/redis'),
    postgres: require('express-oauth-assertions/postgres'),
    profiles: require('express-oauth-assertions/profiles'),
    testing: require('express-oauth-assertions/testing'),
  },
]
const thrown = (call) => {
  try {
    call()
  } catch (error) {
    return error
  }
}
const results = []
for (const { oauth, redis, postgres, profiles, testing } of copies) {
  const [{ name, run }] = testing.replayStoreChecks({ makeStore: () => oauth.memoryReplayStore() })
  await run()
  results.push({
    check: name,
    errors: [thrown(() => redis.redisReplayStore()), thrown(() => postgres.postgresReplayStore()), thrown(() => profiles.idJag({}))].map(
      (error) => error instanceof oauth.ConfigurationError,
    ),
    answer: await redis.redisReplayStore({ call: async () => ['epoch', 'used'] }).consume('key', Date.now() / 1000 + 60, 'a', 0),
    schema: postgres.postgresReplaySchema({ table: 'used' }).split('\n')[0],
  })
}
console.log(JSON.stringify(results))
