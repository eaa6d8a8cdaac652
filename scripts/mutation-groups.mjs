// The tests for each group of files: those of the same name. A file whose mutants are only detected over HTTP is not well tested.
/** Excludes tests that wait for seconds or start several servers, since they would do so for each mutant. */
const onServers = '^(?!.*(until it expires|after it has expired|2,000|cluster|token endpoint|by node-redis))'

export const groups = {
  text: { mutate: ['lib/assertion/compact.ts', 'lib/assertion/json.ts'], tests: ['assertion/compact', 'assertion/json'] },
  checks: {
    mutate: ['lib/assertion/ladder.ts', 'lib/assertion/values.ts', 'lib/assertion/verify.ts'],
    tests: ['assertion/ladder', 'assertion/verify'],
  },
  signatures: { mutate: ['lib/assertion/signature.ts', 'lib/der.ts'], tests: ['assertion/signature', 'der'] },
  jws: { mutate: ['lib/jws.ts'], tests: ['jws'] },
  keys: {
    mutate: ['lib/assertion/keys.ts', 'lib/assertion/signature-jwks.ts', 'lib/assertion/verified-signatures.ts'],
    tests: ['assertion/keys', 'assertion/verified-signatures'],
  },
  'remote-keys': { mutate: ['lib/assertion/remote-key-sets.ts'], tests: ['assertion/remote-key-sets'] },
  fetch: {
    mutate: ['lib/assertion/guarded-fetch.ts'],
    tests: ['assertion/guarded-fetch', 'assertion/guarded-connect', 'assertion/guarded-lookup'],
  },
  policy: { mutate: ['lib/policy.ts', 'lib/scope.ts'], tests: ['policy', 'scope'] },
  form: { mutate: ['lib/form.ts'], tests: ['form'] },
  request: {
    mutate: ['lib/middleware/parse-token-request.ts', 'lib/token-request.ts'],
    tests: ['middleware/parse-token-request'],
    names: '^(?!.*(Express 4|T-70))', // no code here depends on the version of Express
  },
  fallthrough: {
    mutate: ['lib/middleware/parse-token-request.ts:20-118'], // the decision whose request it is
    tests: ['fallthrough'],
    names: '^(?!.*(Express 4|T-70))',
  },
  markers: {
    mutate: ['lib/replay/marker.ts', 'lib/replay/replay-key.ts', 'lib/replay/store-options.ts'],
    tests: ['replay/marker', 'replay/replay-key', 'replay/store-options'],
  },
  memory: {
    mutate: ['lib/replay/memory.ts'],
    tests: ['replay/memory'],
  },
  redis: { mutate: ['lib/replay/redis.ts', 'lib/replay/redis-scripts.ts'], tests: ['replay/redis'], names: onServers },
  postgres: { mutate: ['lib/replay/postgres.ts', 'lib/replay/postgres-statements.ts'], tests: ['replay/postgres'], names: onServers },
}
