import { describe, expect, it } from '@jest/globals'
import { assertTrustedIssuer } from '../../lib/host/check-registration.js'
import { resourcePolicy } from '../../lib/rules/resources.js'

const [a, b, other] = ['https://a.example', 'https://b.example/mcp', 'https://other.example']
const refused = (reason: string) => expect.objectContaining({ refused: reason, seen: expect.anything(), wanted: expect.anything() })
const bad = refused('resource_not_allowed')
const unknown = refused('target_not_allowed')

describe('RFC 8707: the resources of a grant', () => {
  it.each<[what: string, resources: string[] | undefined, claim: unknown, parameter: string[], expected: unknown]>([
    ['nothing registered, nothing said', undefined, undefined, [], []],
    ['nothing registered: the parameter reaches the hooks', undefined, undefined, [other], [other]],
    ['nothing registered: the claim reaches the hooks', undefined, a, [], [a]],
    ['IJ-07 a list in the claim', undefined, [a, b], [], [a, b]],
    ['nothing registered: the claim bounds the parameter', undefined, [a, b], [b], [b]],
    ['EM-04 a parameter beyond the claim', undefined, a, [b], bad],
    ['EM-04 one of two parameters beyond the claim', undefined, a, [a, b], bad],
    ['MC-02 nothing said: the default resource', [a, b], undefined, [], [a]],
    ['MC-02 the claim names a resource of this server', [a, b], b, [], [b]],
    ['MC-02 the claim names a resource of another server', [a, b], other, [], bad],
    ['IJ-07 the claim is narrowed to what is registered', [a, b], [other, b], [], [b]],
    ['EM-04 the parameter is in the claim', [a, b], [a, b], [b], [b]],
    ['EM-04 the parameter is registered, but not in the claim', [a, b], a, [b], bad],
    ['a parameter that is not registered', [a, b], undefined, [other], unknown],
    ['one of two parameters that is not registered', [a, b], undefined, [a, other], unknown],
    ['a parameter in the claim that is not registered', [a, b], [a, other], [other], unknown],
    ['a slash more, in the claim', [a, b], `${a}/`, [], [a]],
    ['a slash more, in the parameter', [a, b], undefined, [`${a}/`], [a]],
    ['a slash more, in the parameter than in the claim', undefined, a, [`${a}/`], [a]],
    ['one resource in two spellings', [a, b], [a, `${a}/`, b], [], [a, b]],
    ['one resource twice, in the parameter', undefined, undefined, [a, a], [a]],
    ['fifty resources', undefined, Array.from({ length: 50 }, (_, i) => `${a}/${i}`), [`${a}/7`], [`${a}/7`]],
    ['fifty-one resources', undefined, Array.from({ length: 51 }, (_, i) => `${a}/${i}`), [`${a}/7`], bad],
    ['a slash more behind a path is another resource', [a, b], `${b}/`, [], bad],
    ['a URN', ['urn:example:api'], 'urn:example:api', [], ['urn:example:api']],
    ['a claim that is no URI', undefined, 'api', [], bad],
    ['a claim with a fragment', undefined, `${a}#x`, [], bad],
    ['a claim that is a number', undefined, 7, [], bad],
    ['a claim that is null', undefined, null, [], bad],
    ['a claim that is empty', undefined, '', [], bad],
    ['a claim that is an empty list', undefined, [], [], bad],
    ['a claim that is a list with a number', undefined, [a, 7], [], bad],
    ['a claim that is an object', undefined, { resource: a }, [], bad],
  ])('%s', (_what, resources, claim, parameter, expected) => {
    const issuer = { issuer: 'i', ...(resources && { resources }) }
    expect(resourcePolicy(issuer, claim, parameter)).toEqual(expected)
  })

  it.each([[[]], [['api']], [['https://a.example#x']], ['https://a.example'], [[7]]])('may not be registered as %j', (resources) => {
    expect(() => assertTrustedIssuer({ issuer: 'i', resources } as never)).toThrow('TrustedIssuer.resources must be a non-empty list')
  })
})
