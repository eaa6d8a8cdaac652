/** What a request says of itself, before anything is verified. */
import { describe, expect, it } from '@jest/globals'
import type { TokenEndpointEvent } from '../../lib/index.js'
import { noteBasicSecret, noteForm } from '../../lib/parse-token-request/note-unverified.js'

type Claimed = TokenEndpointEvent['claimed']
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

describe('noteBasicSecret', () => {
  it.each<[authorization: string | undefined, claimed: Claimed]>([
    [undefined, {}],
    ['', {}],
    ['Bearer x', {}],
    [basic('a:b'), { client_auth_method: 'client_secret_basic', client_id: 'a' }],
    [basic('a:b').replace('Basic ', 'bASIC   '), { client_auth_method: 'client_secret_basic', client_id: 'a' }],
    [basic('a%20b:c'), { client_auth_method: 'client_secret_basic', client_id: 'a b' }],
    [basic('a%zz:b'), { client_auth_method: 'client_secret_basic', client_id: 'a%zz' }],
    [basic(':b'), { client_auth_method: 'client_secret_basic' }],
    [basic('ab'), { client_auth_method: 'client_secret_basic' }],
    [`${basic('a:b')} x`, {}],
    [`x${basic('a:b')}`, {}],
    ['Basic', {}],
  ])('%j', (authorization, expected) => {
    const claimed: Claimed = {}
    noteBasicSecret(claimed, authorization)
    expect(claimed).toEqual(expected)
  })
})

describe('noteForm', () => {
  it.each<[values: Record<string, unknown[]>, before: Claimed, claimed: Claimed]>([
    [{}, {}, {}],
    [{ grant_type: ['a'], client_id: ['b'] }, {}, { grant_type: 'a', client_id: 'b' }],
    [{ grant_type: [['a']], client_id: [{ b: 'c' }] }, {}, {}],
    [{ client_secret: ['a'] }, {}, { client_auth_method: 'client_secret_post' }],
    [{ client_secret: ['', 'a'] }, {}, { client_auth_method: 'client_secret_post' }],
    [{ client_secret: [''] }, {}, {}],
    [
      { client_id: ['b'], client_secret: ['a'] },
      { client_auth_method: 'client_secret_basic', client_id: 'a' },
      { client_auth_method: 'client_secret_basic', client_id: 'b' },
    ],
  ])('%j', (values, before, expected) => {
    const claimed = { ...before }
    noteForm(claimed, { values })
    expect(claimed).toEqual(expected)
  })
})
