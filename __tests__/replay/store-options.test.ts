import { describe, expect, it } from '@jest/globals'
import { ConfigurationError } from '../../lib/index.js'
import { checkStoreOptions } from '../../lib/replay/store-options.js'

const check = (options: unknown) => () => checkStoreOptions('aStore', options as object, ['prefix', 'guard'], ['guard'])

describe('the options of a replay store', () => {
  it.each([{}, { prefix: 'a' }, { prefix: 1, guard: undefined }, { guard: true }, { guard: false }])('may be %j', (options) => {
    expect(check(options)).not.toThrow()
  })

  it.each<[options: unknown, problem: string]>([
    [null, 'options is an object.'],
    [undefined, 'options is an object.'],
    ['prefix', 'options is an object.'],
    [{ ttl: undefined }, 'ttl does not exist. Its options are prefix, guard.'],
    [{ prefix: 'a', Guard: true }, 'Guard does not exist. Its options are prefix, guard.'],
    ...['true', 1, 0, null].map((guard): [unknown, string] => [{ guard }, 'guard is true or false.']),
  ])('are not %j', (options, problem) => {
    expect(check(options)).toThrow(new ConfigurationError(`aStore: ${problem}`))
  })
})
