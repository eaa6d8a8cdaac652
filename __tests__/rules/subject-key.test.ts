import { expect, it } from '@jest/globals'
import type { TrustedIssuer } from '../../lib/index.js'
import { missingOfSubject, subjectKey } from '../../lib/rules/subject-key.js'

const issuer = (subject?: string[]): TrustedIssuer => ({ issuer: 'i', ...(subject && { subject }) })
const claims = { iss: 'i', tenant: 't', region: 'r', sub: 's', empty: '', number: 1 }

it.each<[subject: string[] | undefined, key: unknown[]]>([
  [undefined, ['i', 's']],
  [['tenant'], ['i', 't', 's']],
  [
    ['iss', 'tenant', 'sub'],
    ['i', 't', 's'],
  ],
  [
    ['tenant', 'region'],
    ['i', 't', 'r', 's'],
  ],
])('IJ-09 EM-07 the key of a subject that %j make', (subject, key) => {
  expect(subjectKey(issuer(subject), claims, 's')).toBe(JSON.stringify(key))
})

it('IJ-09 EM-07 two tenants with one sub have two keys, whatever their names', () => {
  const keyOf = (tenant: string, sub: string) => subjectKey(issuer(['tenant']), { tenant }, sub)
  expect(new Set([keyOf('a', 'b'), keyOf('b', 'a'), keyOf('a","b', 'c'), keyOf('a', 'b","c')]).size).toBe(4)
})

it('names the claims that are not there as text', () => {
  expect(missingOfSubject(issuer(['tenant', 'empty', 'number', 'absent', 'sub']), claims)).toEqual(['empty', 'number', 'absent'])
})
