/** Names whose servers never answer: which of them are looked up, when the name servers are those of the test. */
import { expect, it, jest } from '@jest/globals'

const asked: string[] = []
jest.unstable_mockModule('node:dns', () => ({ lookup: (name: string) => void asked.push(name) }))
const { MetadataDocuments } = await import('../../lib/client-metadata-documents/documents.js')
const { fetchJson } = await import('../../lib/assertion/keys/guarded-fetch.js')
const { keyFinder } = await import('../../lib/assertion/keys/find-keys.js')
const { RemoteKeySets } = await import('../../lib/assertion/keys/remote-key-sets.js')
const { documentOf } = await import('../support/publisher.js')

const terms = { grant_types: ['client_credentials'], scope: 'read', publicClients: false, allowPrivateUrls: false }
const unavailable = (reason: string) => expect.objectContaining({ reason })
const reasonOf = (work: Promise<unknown>) => work.catch((error: unknown) => error)

it('T-53 CD-02 CD-07 one of all names that documents have is looked up, until that ends; those that the host of this package named are not in this line', async () => {
  const documents = new MetadataDocuments(terms)
  const find = (host: string, isListed = false) => reasonOf(documents.find(`https://${host}/c`, new URL(`https://${host}/c`), isListed))
  const flood = Array.from({ length: 20 }, (_, index) => find(`app-${index}.example`))

  const client_id = 'https://known.example/c'
  const jwks_uri = 'https://keys-of-document.example/jwks'
  const published = new MetadataDocuments(terms, async (url, allowPrivate, kind) =>
    url === client_id
      ? { document: documentOf(client_id, { jwks: undefined, jwks_uri }), bytes: 1, headers: {} }
      : fetchJson(url, allowPrivate, kind),
  )
  const findKeys = keyFinder(new RemoteKeySets())
  const header = { alg: 'ES256', kid: 'x' }
  const keysOfDocument = reasonOf((async () => findKeys(await published.find(client_id, new URL(client_id)), header))())
  const keysOfHost = reasonOf((async () => findKeys({ jwks_uri: 'https://registered.example/jwks' }, header))())

  for (const answer of await Promise.all([...flood, find('listed.example', true)]))
    expect(answer).toEqual(unavailable('client_metadata_unavailable'))
  expect([await keysOfDocument, await keysOfHost]).toEqual(Array(2).fill(unavailable('jwks_unavailable')))
  expect(asked.sort()).toEqual(['app-0.example', 'listed.example', 'registered.example'])
}, 20_000)
