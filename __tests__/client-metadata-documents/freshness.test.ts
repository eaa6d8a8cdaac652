import { expect, it } from '@jest/globals'
import { lifetimeOf } from '../../lib/client-metadata-documents/freshness.js'

const date = 'Fri, 27 Nov 2026 12:00:00 GMT'
const later = (minutes: number) => new Date(Date.parse(date) + minutes * 60_000).toUTCString()

it.each<[headers: Record<string, string>, seconds: number]>([
  [{}, 300],
  [{ age: '200' }, 300],
  [{ 'cache-control': 'public, must-revalidate' }, 300],
  [{ 'cache-control': 'max-age=600' }, 600],
  [{ 'cache-control': 'PUBLIC ,  Max-Age=600' }, 600],
  [{ 'cache-control': 'max-age="600"' }, 600],
  [{ 'cache-control': 's-maxage=9, max-age=600' }, 600],
  [{ 'cache-control': 'max-age=600', age: '100' }, 500],
  [{ 'cache-control': 'max-age=600', age: 'old' }, 600],
  [{ 'cache-control': 'max-age=600', age: '1000' }, 60],
  [{ 'cache-control': 'max-age=60' }, 60],
  [{ 'cache-control': 'max-age=59' }, 60],
  [{ 'cache-control': 'max-age=-1' }, 60],
  [{ 'cache-control': 'max-age=' }, 60],
  [{ 'cache-control': 'max-age=ten' }, 60],
  [{ 'cache-control': 'max-age=86400' }, 86_400],
  [{ 'cache-control': 'max-age=86401' }, 86_400],
  [{ 'cache-control': `max-age=${'9'.repeat(400)}` }, 86_400],
  [{ 'cache-control': 'no-store' }, 60],
  [{ 'cache-control': 'max-age=600, no-cache' }, 60],
  [{ 'cache-control': 'no-cache="set-cookie", max-age=600' }, 60],
  [{ date, expires: later(10) }, 600],
  [{ date, expires: later(10), age: '100' }, 500],
  [{ date, expires: later(-10) }, 60],
  [{ date, expires: 'never' }, 60],
  [{ date, expires: '' }, 60],
  [{ date: 'today', expires: new Date(Date.now() + 400_000_000).toUTCString() }, 86_400],
  [{ date, expires: later(10), 'cache-control': 'max-age=700' }, 700],
  [{ date, expires: later(10), 'cache-control': 'private' }, 600],
])('CD-03 %j: a document is fresh for %i seconds', (headers, seconds) => {
  expect(lifetimeOf(headers)).toBe(seconds)
})
