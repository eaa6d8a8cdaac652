/** With `fallthrough`: whose request it is. */
import { describe, expect, it } from '@jest/globals'
import { JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT } from '../../lib/index.js'
import { isForIssuing, isOurs } from '../../lib/parse-token-request/whose-request.js'
import type { Endpoint } from '../../lib/pipeline/endpoint.js'

const endpoint = {
  grantTypes: [JWT_BEARER_GRANT, 'client_credentials'],
  secretsStayWithHost: true,
  hostVerifiesClientAssertions: false,
  clientAlgorithms: ['ES256'],
}
const jwt = { client_assertion: ['x'], client_assertion_type: [JWT_BEARER_CLIENT_ASSERTION] }
const own = { grant_type: [JWT_BEARER_GRANT] }
const legacy = { grant_type: ['password'] }
const byClient = { grant_type: ['client_credentials'] }

describe('T-73 whose request it is', () => {
  it.each<[name: string, values: Record<string, unknown[]>, over: Partial<typeof endpoint>, isForIssuing: boolean, isOurs: boolean]>([
    ['nothing', {}, {}, false, false],
    ['a grant of ours', own, {}, true, true],
    ['a grant of ours among others', { grant_type: ['password', JWT_BEARER_GRANT] }, {}, true, true],
    ['a grant of the host', legacy, {}, false, false],
    ['a grant of the host with a JWT', { ...legacy, ...jwt }, {}, false, true],
    ['a grant of the host with a JWT that the host verifies', { ...legacy, ...jwt }, { hostVerifiesClientAssertions: true }, false, false],
    ['a grant of the host with a JWT, if no JWT authenticates here', { ...legacy, ...jwt }, { clientAlgorithms: [] }, false, false],
    ['client_credentials with a secret', byClient, {}, false, false],
    ['client_credentials with a secret, which is ours', byClient, { secretsStayWithHost: false }, true, true],
    ['client_credentials with a JWT', { ...byClient, ...jwt }, {}, true, true],
    ['client_credentials with a JWT, if no JWT authenticates here', { ...byClient, ...jwt }, { clientAlgorithms: [] }, false, false],
    ['a JWT without its type', { ...legacy, client_assertion: ['x'] }, {}, false, true],
    ['a JWT with an empty type', { ...legacy, client_assertion: ['x'], client_assertion_type: [''] }, {}, false, true],
    ['a JWT twice, once empty', { ...legacy, ...jwt, client_assertion: ['', 'x'] }, {}, false, true],
    ['an empty JWT', { ...legacy, ...jwt, client_assertion: [''] }, {}, false, false],
    ['an assertion of another type', { ...legacy, ...jwt, client_assertion_type: ['urn:example:saml'] }, {}, false, false],
    ['two types', { ...legacy, ...jwt, client_assertion_type: ['urn:example:saml', JWT_BEARER_CLIENT_ASSERTION] }, {}, false, true],
  ])('%s', (_name, values, over, forIssuing, ours) => {
    const it = { ...endpoint, ...over } as unknown as Endpoint
    expect([isForIssuing({ values }, it), isOurs({ values }, it)]).toEqual([forIssuing, ours])
  })
})
