import { expect, it } from '@jest/globals'
import { plain } from '../../../lib/development/help/help.js'
import { helpTexts } from '../../../lib/development/help/texts.js'

it.each([
  ['Set `aud`.', 'Set aud.'],
  ['See [`replay`](client.md#replay), or [a store](stores.md#a-store).', 'See replay, or a store.'],
  ['`{ keys: [public JWK] }`', '{ keys: [public JWK] }'],
])('%s reads on a terminal as %s', (markdown, text) => {
  expect(plain(markdown)).toBe(text)
})

it('every text reads on a terminal: no markdown is left', () => {
  const texts = Object.values(helpTexts).flatMap(({ cause, fix }) => [plain(cause), plain(fix)])
  expect(texts.length).toBeGreaterThan(180)
  expect(texts.filter((text) => /`|\]\(|[^\x20-\x7e§]/.test(text))).toEqual([])
})
