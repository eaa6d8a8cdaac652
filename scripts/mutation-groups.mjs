// Every file of lib is judged by the tests of the folder with its name: a file whose mutants are only detected over HTTP is not well tested.
/** Of fifteen ways to read a body in the host's handler, these tell as much about the code here. */
const hosts = 'its parser mounted globally|no parser, reading by events|no parser and no interest in the body'
const otherHosts = `in front of a host with (?!(${hosts}) )`
/** No code here depends on the version of Express; speed is judged elsewhere; tests on servers would start them for each mutant. */
const fast = `^(?!.*(Express 4|T-70|remembers a key until it expires|after it has expired|2,000|20,000|200 at once|byte by byte and stops|cluster|a token endpoint on|by node-redis|${otherHosts}))`
const forPeople = (group) => ({ ...group, isForPeople: true })
const of = (folder, { mutate = [`lib/${folder}/**/*.ts`], tests = [`${folder}/**/*`] } = {}) => ({ mutate, tests, names: fast })

export const groups = {
  'rules/policy': of('rules', { mutate: ['lib/rules/{policy,scope}.ts'], tests: ['rules/{policy,scope}'] }),
  'rules/jwt-checks': of('rules', { mutate: ['lib/rules/jwt-checks.ts'], tests: ['rules/jwt-checks'] }),
  'rules/others': of('rules', {
    mutate: ['lib/rules/{jwt-demands,claims,claim-rules,resources,subject-key,one-time-use,form-encoding,evidence}.ts'],
    tests: ['rules/{jwt-demands,claims,claim-rules,resources,subject-key,one-time-use,form-encoding,evidence}'],
  }),
  'assertion/decode': of('assertion', {
    mutate: ['lib/assertion/{decode,duplicate-members}.ts'],
    tests: ['assertion/{decode,duplicate-members}'],
  }),
  'assertion/jws': of('assertion', { mutate: ['lib/assertion/{jws,der}.ts'], tests: ['assertion/{jws,der}'] }),
  'assertion/verify': of('assertion', {
    mutate: ['lib/assertion/{verify,signature,verified-signatures}.ts'],
    tests: ['assertion/{verify,signature,verified-signatures}'],
  }),
  'keys/usable': of('assertion/keys', {
    mutate: ['lib/assertion/keys/{usable-keys,verification-cost,small-order,thumbprint,key-algorithms,key-problems}.ts'],
    tests: ['assertion/keys/{usable-keys,verification-cost,small-order,thumbprint,key-algorithms,key-problems}'],
  }),
  'keys/local': of('assertion/keys', {
    mutate: ['lib/assertion/keys/{find-keys,key-set}.ts'],
    tests: ['assertion/keys/{find-keys,key-set,key-problems}'],
  }),
  'keys/remote': of('assertion/keys', {
    mutate: ['lib/assertion/keys/{remote-key-sets,guarded-fetch,public-address,lookup-line,discovery}.ts'],
    tests: ['assertion/keys/{remote-key-sets,guarded-*,lookup-line,discovery}'],
  }),
  'verify-jwt-grant': of('verify-jwt-grant'),
  'authenticate-client/secrets': of('authenticate-client', {
    mutate: ['lib/authenticate-client/{client-secret-basic,client-secret-post,secret,constant-time,internal-client-secrets}.ts'],
    tests: ['authenticate-client/{secrets,authenticate-client,constant-time,internal-client-secrets}'],
  }),
  'authenticate-client/jwt': of('authenticate-client', {
    mutate: [
      'lib/authenticate-client/{authenticate-client,client-assertion,client-secret-jwt,private-key-jwt,observe,find-client,mechanism,methods}.ts',
    ],
    tests: ['authenticate-client/{authenticate-client,client-secret-jwt,migration,reusable,workload/**/*,mtls/**/*}'],
  }),
  'authenticate-client/grant': of('authenticate-client', {
    mutate: ['lib/authenticate-client/{bare-client-id,by-its-grant}.ts'],
    tests: ['authenticate-client/by-its-grant'],
  }),
  'authenticate-client/mtls': of('authenticate-client/mtls'),
  'authenticate-client/workload': of('authenticate-client/workload'),
  'parse-token-request/form': of('parse-token-request', {
    mutate: ['lib/parse-token-request/{form,read-body}.ts'],
    tests: ['parse-token-request/{form,read-body}'],
  }),
  'parse-token-request/step': of('parse-token-request', {
    mutate: ['lib/parse-token-request/{parse-token-request,request-shape,token-request,whose-request,note-unverified}.ts'],
    tests: ['parse-token-request/{parse-token-request,request-shape,whose-request,note-unverified,fallthrough}'],
  }),
  'pipeline/load-shedding': of('pipeline', { mutate: ['lib/pipeline/load-shedding.ts'], tests: ['pipeline/load-shedding'] }),
  'pipeline/step': of('pipeline', {
    mutate: ['lib/pipeline/{step,step-order,transaction,store-answer,request-id,endpoint,call-hook}.ts'],
    tests: ['pipeline/{call-hook,store-answer,endpoint,transaction,step-frame,step,step-order,request-id,disconnects}'],
  }),
  'pipeline/events': of('pipeline', { mutate: ['lib/pipeline/emit-event.ts'], tests: ['pipeline/emit-event', 'host/event'] }),
  'pipeline/response': of('pipeline', {
    mutate: ['lib/pipeline/{response,token-error-handler}.ts'],
    tests: ['pipeline/{response,token-error-handler}'],
  }),
  'host/checks': of('host', { mutate: ['lib/host/checks.ts'], tests: ['host/checks'] }),
  'host/registration': of('host', { mutate: ['lib/host/{check-registration,check-decision}.ts'], tests: ['host/check-registration'] }),
  'host/settings': of('host', { mutate: ['lib/host/{check-options,settings}.ts'], tests: ['host/settings'] }),
  'host/others': of('host', {
    mutate: ['lib/host/*.ts', '!lib/host/{checks,check-registration,check-decision,check-options,settings}.ts'],
    tests: [
      'host/{evidence,errors,event,observability,observability-real,audience-report,metadata,did-you-mean,shown,development-defaults,settings}',
    ],
  }),
  'issue-token': of('issue-token'),
  'client-metadata-documents': of('client-metadata-documents', {
    tests: ['client-metadata-documents/{client-metadata-documents,documents,freshness}'],
  }),
  'cli/doctor': forPeople(of('cli/doctor', { tests: ['cli/doctor/*', 'cli/verbs/doctor'] })),
  'cli/act-as': forPeople(
    of('cli', { mutate: ['lib/cli/act-as/*.ts', 'lib/cli/verbs/act-as.ts', 'lib/cli/dialects.ts'], tests: ['cli/verbs/act-as'] }),
  ),
  'cli/verbs': forPeople(
    of('cli', {
      mutate: [
        'lib/cli/verbs/{check,doctor,explain,jwks-serve,keygen,sign}.ts',
        'lib/cli/{explaining,serve-key-set,source,registrations,keys}.ts',
      ],
      tests: ['cli/verbs/{check,doctor,explain,jwks-serve,keygen,sign}'],
    }),
  ),
  'cli/others': forPeople(
    of('cli', {
      mutate: ['lib/cli/{curl,help,io,main,painter,run,verb,verbs}.ts'],
      tests: ['cli/{curl,help,run}', 'cli/verbs/{check,keygen,sign}'],
    }),
  ),
  'token-endpoint': of('.', { mutate: ['lib/token-endpoint.ts'], tests: ['token-endpoint'] }),
  'replay/memory': of('replay', { mutate: ['lib/replay/memory.ts'], tests: ['replay/memory'] }),
  'replay/testing': forPeople(of('replay/testing')),
  'replay/redis': of('replay/redis'),
  'replay/postgres': of('replay/postgres'),
  check: forPeople(of('check')),
  development: forPeople(of('development')),
  'test-helpers': forPeople(of('testing')),
  profiles: forPeople(of('profiles')),
  'explain/edits': forPeople(
    of('explain', {
      mutate: ['lib/explain/{edits,edits-of-claims,edits-of-keys,edits-of-requests}.ts'],
      tests: ['explain/explain'],
    }),
  ),
  'explain/fixes': forPeople(of('explain', { mutate: ['lib/explain/{fixes,proposals,drafts}.ts'], tests: ['explain/explain'] })),
  'explain/walk': forPeople(of('explain', { mutate: ['lib/explain/{walk,trial,dry-run,signer,keys}.ts'], tests: ['explain/explain'] })),
  'explain/report': forPeople(
    of('explain', { mutate: ['lib/explain/{explain,explain-request,explanation}.ts'], tests: ['explain/explain'] }),
  ),
  'explain/recorder': forPeople(of('explain', { mutate: ['lib/explain/recorder.ts'], tests: ['explain/recorder'] })),
}
