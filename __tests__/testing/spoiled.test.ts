/** Each spoiled JWT of the table, against a real endpoint: the error and the reason are exactly those of the table. */
import { describe, expect, it } from '@jest/globals'
import { CLIENT_CREDENTIALS, JWT_BEARER_GRANT } from '../../lib/index.js'
import {
  type SpoiledName,
  type SpoiledUse,
  spoiled,
  spoiledRequests,
  testClient,
  testIssuer,
  tokenRequest,
} from '../../lib/testing/index.js'
import { testEndpoint } from '../support/test-endpoint.js'

/** Sends the requests with a spoiled JWT. @returns the status of those before the last, and how the last was refused */
async function refusalOf(name: SpoiledName, use: SpoiledUse, { app, onEvent, ...parties }: ReturnType<typeof testEndpoint>) {
  const answers = []
  for (const form of spoiledRequests(name, use, parties)) answers.push(await tokenRequest(app, form))
  const last = answers.pop()
  return { before: answers.map(({ status }) => status), error: last?.body.error, reason: onEvent.last?.reason }
}

const names = Object.keys(spoiled) as SpoiledName[]
const rows = (['grant', 'client'] as const).flatMap((use) =>
  names.filter((name) => spoiled[name].refused[use]).map((name) => [name, use] as const),
)

const otherUse: Record<SpoiledUse, SpoiledUse> = { grant: 'client', client: 'grant' }

describe.each([
  ['ES256', 'ES256', 'private_key_jwt'],
  ['RS256', 'PS256', 'private_key_jwt'],
  ['EdDSA', 'EdDSA', 'private_key_jwt'],
  ['ES384', 'HS256', 'client_secret_jwt'],
] as const)('spoiled JWTs of an issuer with %s and a client with %s', (algOfIssuer, algOfClient, method) => {
  const registration = { requireJti: true }
  const shared = testEndpoint({
    issuer: testIssuer({ alg: algOfIssuer, registration }),
    client: testClient({ alg: algOfClient, method, registration }),
  })

  const hasKeyPair = (signer: SpoiledUse) => signer === 'grant' || method === 'private_key_jwt'
  const signerOf = (name: SpoiledName, use: SpoiledUse) => (spoiled[name].signedByOtherParty ? otherUse[use] : use)
  const possible = rows.filter(([name, use]) => !spoiled[name].needsKeyPair || hasKeyPair(signerOf(name, use)))

  it.each(possible)('%s, as %s', async (name, use) => {
    const row = spoiled[name]
    expect(await refusalOf(name, use, shared)).toEqual({ before: row.sentTwice ? [200] : [], ...row.refused[use] })
  })
})

describe('the table of spoiled JWTs', () => {
  it('changes what it says: without the changes, the same requests are accepted', async () => {
    const { app, issuer, client } = testEndpoint()
    const grant = { grant_type: JWT_BEARER_GRANT, assertion: issuer.signGrant(), ...client.clientAuthentication() }
    const credentials = { grant_type: CLIENT_CREDENTIALS, ...client.clientAuthentication() }
    for (const form of [grant, credentials]) expect(await tokenRequest(app, form)).toMatchObject({ status: 200 })
  })

  it('says which JWTs are accepted if the registration does not demand more', async () => {
    const needing = rows.filter(([name]) => spoiled[name].needsRegistration)
    expect(needing.map(([name]) => name)).toEqual(['noJti', 'noJti'])
    for (const [name, use] of needing)
      expect(await refusalOf(name, use, testEndpoint())).toEqual({ before: [], error: undefined, reason: undefined })
  })

  it('has one sentence on what is wrong for each', () => {
    for (const name of names) expect(spoiled[name].wrong).toMatch(/^(?:It|A) [^.]*[^. ]\.$|^Its [^.]*\.$/)
  })

  it('refuses a name, or a use, that it does not have', () => {
    const parties = { issuer: testIssuer(), client: testClient() }
    expect(() => spoiledRequests('unknownClient', 'grant', parties)).toThrow('there is no "unknownClient" for a grant')
    expect(() => spoiledRequests('toString' as SpoiledName, 'grant', parties)).toThrow('there is no "toString"')
  })
})
