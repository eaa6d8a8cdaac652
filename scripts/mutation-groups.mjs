// Every file of lib is judged by the tests of the folder with its name: a file whose mutants are only detected over HTTP is not well tested.
/** No code here depends on the version of Express; speed is judged elsewhere; tests on servers would start them for each mutant. */
const fast = '^(?!.*(Express 4|T-70|until it expires|after it has expired|2,000|cluster|token endpoint|by node-redis))'
const of = (folder, { mutate = [`lib/${folder}/**/*.ts`], tests = [`${folder}/**/*`] } = {}) => ({ mutate, tests, names: fast })

export const groups = {
  'parse-token-request': of('parse-token-request'),
  'authenticate-client': of('authenticate-client', { mutate: ['lib/authenticate-client/*.ts'], tests: ['authenticate-client/*'] }),
  mtls: of('authenticate-client/mtls'),
  workload: of('authenticate-client/workload'),
  'verify-jwt-grant': of('verify-jwt-grant'),
  'issue-token': of('issue-token'),
  rules: of('rules', { tests: ['rules/{policy,scope,jwt-checks,jwt-demands,claims,one-time-use,form-encoding}', 'assertion/verify'] }),
  assertion: of('assertion', { mutate: ['lib/assertion/*.ts'], tests: ['assertion/*'] }),
  keys: of('assertion/keys', {
    tests: ['assertion/keys/{find-keys,key-set,usable-keys,small-order,verification-cost}', 'assertion/verified-signatures'],
    mutate: ['lib/assertion/keys/{find-keys,key-set,usable-keys,small-order,verification-cost}.ts'],
  }),
  'remote-keys': of('assertion/keys', {
    tests: ['assertion/keys/{remote-key-sets,guarded-*}'],
    mutate: ['lib/assertion/keys/{remote-key-sets,guarded-fetch}.ts'],
  }),
  memory: of('replay', { mutate: ['lib/replay/memory.ts'], tests: ['replay/memory'] }),
  redis: of('replay/redis'),
  postgres: of('replay/postgres'),
  testing: of('replay/testing'),
  'test-helpers': of('testing'),
  pipeline: of('pipeline'),
  host: of('host'),
}
