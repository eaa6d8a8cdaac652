import { describe, expect, it } from '@jest/globals'
import { combinations, pairwise, product } from './pairwise.js'
import { testAll } from './test-all.js'

const range = (length: number, name: string) => Array.from({ length }, (_, index) => `${name}${index}`)
const key = (row: readonly unknown[], i: number, j: number) => JSON.stringify([i, row[i], j, row[j]])
const pairsOf = (rows: readonly (readonly unknown[])[]) => {
  const pairs = new Set<string>()
  for (const row of rows) for (const i of row.keys()) for (let j = i + 1; j < row.length; j++) pairs.add(key(row, i, j))
  return pairs
}

describe('pairwise', () => {
  it.each<[sizes: number[], atMost: number]>([
    [[2, 2, 2], 4],
    [[3, 3, 3], 11],
    [[2, 3, 4], 12],
    [[15, 90, 2], 1350],
    [[4, 4, 4, 4], 28],
    [[2, 2, 2, 2, 2, 2, 2, 2], 12],
    [[9, 5, 3, 2], 50],
    [[1, 1, 5], 5],
  ])('of dimensions of %j values: each pair meets, in at most %i combinations', (sizes, atMost) => {
    const dimensions = sizes.map((size, index) => range(size, 'abcdefgh'[index] as string))
    const rows = pairwise(...dimensions)
    expect(pairsOf(rows)).toEqual(pairsOf(product(...dimensions)))
    expect(rows.length).toBeLessThanOrEqual(atMost)
    for (const row of rows) for (const [k, value] of row.entries()) expect(dimensions[k]).toContain(value)
    expect(pairwise(...dimensions)).toEqual(rows)
  })

  it('of two dimensions is their product; of an empty one nothing', () => {
    expect(pairwise(['a', 'b'], [1, 2])).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 1],
      ['b', 2],
    ])
    expect(pairwise(['a'], [], [1])).toEqual([])
  })

  it('is what npm test runs; test:all runs the product', () => {
    const dimensions = [range(3, 'a'), range(3, 'b'), range(3, 'c')] as const
    expect(combinations(...dimensions)).toHaveLength(testAll ? 27 : pairwise(...dimensions).length)
  })
})
