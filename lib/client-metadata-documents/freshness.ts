import type { IncomingHttpHeaders } from 'node:http'

const least = 60
const most = 24 * 60 * 60
const unsaid = 300

/** Seconds for which a document is fresh, as its headers say (RFC 9111 §4.2), from a minute to a day. Five minutes if they say nothing. */
export const lifetimeOf = (headers: IncomingHttpHeaders) => Math.min(Math.max(saidBy(headers) ?? unsaid, least), most)

/** The longest lifetime of a document in seconds. */
export const longestLifetime = most

/** 0 for what cannot be understood: a stale document is the safe reading (RFC 9111 §4.2.1). */
function saidBy({ 'cache-control': control = '', expires, date, age }: IncomingHttpHeaders): number | undefined {
  const directives = control
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim())
  if (directives.some((directive) => directive.startsWith('no-store') || directive.startsWith('no-cache'))) return 0
  const maxAge = directives.find((directive) => directive.startsWith('max-age='))
  if (maxAge === undefined && expires === undefined) return undefined
  const lifetime = maxAge === undefined ? secondsBetween(date, expires) : Number(maxAge.slice('max-age='.length).replaceAll('"', ''))
  return (lifetime || 0) - (Number(age) || 0)
}

const secondsBetween = (date: string | undefined, expires = '') => (Date.parse(expires) - (Date.parse(date ?? '') || Date.now())) / 1000
