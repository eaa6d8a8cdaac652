/** How many documents are fetched and kept, with a web and a clock of the test. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { MetadataDocuments } from '../../lib/client-metadata-documents/documents.js'
import { refusal } from '../../lib/host/errors.js'
import type { OAuthError } from '../../lib/index.js'
import { documentOf } from '../support/publisher.js'

const terms = { grant_types: ['client_credentials'], scope: 'read', publicClients: false, allowPrivateUrls: false }

/** A web of documents with a clock of its own. */
function world() {
  const web = {
    time: 1000,
    fetches: [] as string[],
    answer: ((url) => documentOf(url)) as (url: string) => unknown,
    headers: {} as Record<string, string>,
  }
  const documents = new MetadataDocuments(
    terms,
    async (url) => {
      web.fetches.push(url)
      return { document: await web.answer(url), bytes: 500, headers: web.headers }
    },
    () => web.time,
  )
  const find = async (url: string, isListed?: boolean): Promise<string | undefined> => {
    try {
      return (await documents.find(url, new URL(url), isListed)).token_endpoint_auth_method as string
    } catch (error) {
      return (error as OAuthError).reason ?? (error as Error).message
    }
  }
  return { web, find }
}
const gone = () => {
  throw refusal('client_metadata_invalid', { seen: null, wanted: null })
}
const window = 30_000
/** Bytes in use. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
const times = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('MetadataDocuments (CD-03 T-53)', () => {
  it.each<[name: string, urlOf: (index: number) => string, bound: number]>([
    ['of one host', (index) => `https://app.example.org/${index}`, 30],
    ['of one host at many ports', (index) => `https://app.example.org:${1000 + index}/c`, 30],
    ['of 1,000 hosts', (index) => `https://app-${index}.example.org/c`, 100],
  ])('1,000 unknown URLs %s: a bound for each window', async (_name, urlOf, bound) => {
    const { web, find } = world()
    web.answer = gone
    for (const round of [1, 2, 3]) {
      const answers = await Promise.all(times(1000).map((index) => find(urlOf(index + round * 1000))))
      expect(web.fetches).toHaveLength(round * bound)
      expect(answers.filter((answer) => answer === 'client_metadata_invalid')).toHaveLength(bound)
      expect(answers.filter((answer) => answer === 'client_metadata_unavailable')).toHaveLength(1000 - bound)
      web.time += window
    }
  })

  it('a URL that fails counts each time that it is fetched, and only then', async () => {
    const { web, find } = world()
    web.answer = gone
    for (const round of times(40)) {
      expect(await find('https://app.example.org/c')).toBe('client_metadata_invalid')
      expect(await find('https://app.example.org/c')).toBe('client_metadata_invalid')
      expect(web.fetches).toHaveLength(round + 1)
      web.time += window
    }
    for (const index of times(29)) await find(`https://app.example.org/${index}`) // another window
    web.time += window - 1
    expect(await find('https://app.example.org/last')).toBe('client_metadata_invalid')
    expect(await find('https://app.example.org/too-much')).toBe('client_metadata_unavailable')
    expect(await find('https://app.example.org/c')).toBe('client_metadata_unavailable')
    web.time += 1
    expect(await find('https://app.example.org/too-much')).toBe('client_metadata_invalid')
  })

  it('a flood of unknown URLs does not keep known ones from being renewed', async () => {
    const { web, find } = world()
    const known = 'https://app.example.org/known'
    expect(await find(known)).toBe('private_key_jwt')
    web.time += 301_000
    web.answer = (url) => (url === known ? documentOf(url) : gone())
    for (const index of times(1000)) await find(`https://app.example.org/${index}`)
    expect(await find(known)).toBe('private_key_jwt')
    expect(web.fetches.filter((url) => url === known)).toHaveLength(2)
  })

  it('T-53 a flood of unknown URLs keeps no URL out that the host of this package listed, and that URL costs the others nothing', async () => {
    const { web, find } = world()
    const [listed, junk] = ['https://app.example.org/listed', (index: number) => `https://app.example.org/${index}`]
    web.answer = gone
    for (const round of times(3)) {
      for (const index of times(1000)) await find(junk(index + round * 1000))
      expect(await find(listed, true)).toBe('client_metadata_invalid')
      web.time += window
    }
    expect(await find(listed, true)).toBe('client_metadata_invalid')
    web.answer = (url) => documentOf(url)
    web.time += window
    expect(await find(listed, true)).toBe('private_key_jwt')
    const answers = await Promise.all(times(31).map((index) => find(junk(index))))
    expect(answers.filter((answer) => answer === 'private_key_jwt')).toHaveLength(30)
  })

  it('failures do not displace documents', async () => {
    const { web, find } = world()
    const known = 'https://app.example.org/known'
    await find(known)
    web.answer = gone
    for (const round of times(9)) {
      for (const index of times(1200)) await find(`https://app-${round}-${index}.example.org/c`)
      web.time += window
    }
    expect(web.fetches).toHaveLength(900)
    web.time = 1000 + 299_000
    expect(await find(known)).toBe('private_key_jwt')
    expect(web.fetches).toHaveLength(900)
  })

  it('documents are bounded in number and in bytes: the one that was used least is forgotten', async () => {
    const first = 'https://app-0.example.org/c'
    const fetchesAfter = async (documents: number, characters: number) => {
      const { web, find } = world()
      web.answer = (url) => documentOf(url, { client_name: 'x'.repeat(characters) })
      web.headers = { 'cache-control': 'max-age=86400' }
      for (const index of times(documents)) {
        if (index % 100 === 0) web.time += window
        await find(`https://app-${index}.example.org/c`)
      }
      web.time += window
      const before = web.fetches.length
      await find(first)
      return web.fetches.length - before
    }
    expect(await fetchesAfter(6000, 100)).toBe(0)
    expect(await fetchesAfter(4000, 4500)).toBe(1)
    expect(await fetchesAfter(10_000, 100)).toBe(0)
    expect(await fetchesAfter(10_001, 100)).toBe(1)
  }, 60_000)

  it('a document takes the memory of its text, whatever it has', async () => {
    const { web, find } = world()
    const objects = JSON.stringify(Array(1500).fill({}))
    web.answer = (url) => documentOf(url, { odd: JSON.parse(objects) })
    const before = heap()
    for (const index of times(1000)) {
      if (index % 100 === 0) web.time += window
      expect(await find(`https://app-${index}.example.org/c`)).toBe('private_key_jwt')
    }
    expect(heap() - before).toBeLessThan(20_000_000) // parsed, they are a hundred million bytes
    expect(await find('https://app-0.example.org/c')).toBe('private_key_jwt')
  }, 60_000)

  it('unknown URLs make memory grow by nothing', async () => {
    const { web, find } = world()
    web.answer = gone
    const flood = async (name: string, windows: number) => {
      for (const round of times(windows)) {
        for (const index of times(1000)) await find(`https://${name}-${round}-${index}.example.org/${'x'.repeat(900)}`)
        web.time += window
        web.fetches.length = 0
      }
    }
    await flood('a', 20) // fills what is bounded
    const before = heap()
    await flood('b', 100) // 100,000 URLs of 900 bytes, of which 10,000 are fetched
    expect(heap() - before).toBeLessThan(10_000_000)
  }, 60_000)

  it('an exception that nobody expects is passed on, and the document that was there stays', async () => {
    const { web, find } = world()
    const url = 'https://app.example.org/c'
    web.answer = () => {
      throw new RangeError('odd')
    }
    expect(await find(url)).toBe('odd')
    web.time += window
    web.answer = (at) => documentOf(at)
    expect(await find(url)).toBe('private_key_jwt')
    web.time += 301_000
    web.answer = () => {
      throw new RangeError('odd')
    }
    expect(await find(url)).toBe('private_key_jwt')
  })

  it('a document serves while its host gives no answer, for an hour and within a day; not if the host answers otherwise', async () => {
    const url = 'https://app.example.org/c'
    const down = () => {
      throw refusal('client_metadata_unavailable', { seen: null, wanted: null })
    }
    const answerAfter = async (lifetime: number, seconds: number, answer: () => unknown) => {
      const { web, find } = world()
      web.headers = { 'cache-control': `max-age=${lifetime}` }
      await find(url)
      web.answer = answer
      web.time += seconds * 1000
      return find(url)
    }
    expect(await answerAfter(60, 3659, down)).toBe('private_key_jwt')
    expect(await answerAfter(60, 3660, down)).toBe('client_metadata_unavailable')
    expect(await answerAfter(86_000, 86_399, down)).toBe('private_key_jwt')
    expect(await answerAfter(86_000, 86_400, down)).toBe('client_metadata_unavailable')
    expect(await answerAfter(60, 59, gone)).toBe('private_key_jwt')
    expect(await answerAfter(60, 60, gone)).toBe('client_metadata_invalid')
  })

  it('tells of changes for an hour after the last one, whoever asks', async () => {
    const url = 'https://app.example.org/c'
    let [time, over] = [1000, {}]
    const documents = new MetadataDocuments(
      terms,
      async () => ({ document: documentOf(url, over), bytes: 1, headers: {} }),
      () => time,
    )
    const noticesAfter = async (seconds: number) => {
      time += seconds * 1000
      return (await documents.find(url, new URL(url))).event_notices ?? []
    }
    expect(await noticesAfter(0)).toEqual([])
    over = { jwks: undefined, jwks_uri: 'https://app.example.org/a' }
    expect(await noticesAfter(300)).toEqual(['client_keys_changed'])
    expect([await noticesAfter(0), await noticesAfter(3599)]).toEqual([['client_keys_changed'], ['client_keys_changed']])
    expect(await noticesAfter(1)).toEqual([])
    over = {}
    expect(await noticesAfter(300)).toEqual(['client_keys_changed'])
    over = { jwks: { keys: [] } }
    expect(await noticesAfter(3500)).toEqual(['client_keys_changed'])
    expect(await noticesAfter(3500)).toEqual(['client_keys_changed'])
    expect(await noticesAfter(100)).toEqual([])
  })

  it('documents with private addresses allowed pass that on to their keys', async () => {
    const url = 'https://app.example.org/c'
    const document = documentOf(url, { jwks: undefined, jwks_uri: 'https://app.example.org/jwks' })
    for (const allowPrivateUrls of [true, false]) {
      const documents = new MetadataDocuments({ ...terms, allowPrivateUrls }, async (_, allowPrivate) => {
        expect(allowPrivate).toBe(allowPrivateUrls)
        return { document, bytes: 1, headers: {} }
      })
      expect(await documents.find(url, new URL(url))).toMatchObject({ allowPrivateJwksUri: allowPrivateUrls })
    }
  })
})
